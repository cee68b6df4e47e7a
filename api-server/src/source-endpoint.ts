// Where builds fetch uploaded sources: its own port, never behind the ingress. Who asks is a pod, known by the token that is
// bound to it; what it may have is written on that pod by the operator, and nothing else is given, whatever path is asked for.
// The operator itself may have any: it decides what is written on those pods.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { labels } from '@vibed/crds';
import { sourceDigest, sourcePath, sourceToken } from '@vibed/operator/source-access';
import type { ArtifactRef, ArtifactView } from '@vibed/store';
import { type KubeClient, type KubeObject, kinds, type Log } from '@vibed/store/kube';
import { z } from 'zod';
import type { Right } from './actions/action.ts';
import { RateLimiter } from './auth/rate-limit.ts';
import { heedErrors } from './http/edge.ts';
import { Problem, problemJson, problemOf } from './problems.ts';
import type { SourceStorage, StoredArchive } from './storage/storage.ts';
import type { Tenancy } from './tenancy.ts';

export interface SourceEndpoint {
  readonly client: KubeClient;
  readonly storage: SourceStorage;
  readonly systemNamespace: string;
  readonly buildNamespace: string;
  readonly view: ArtifactView;
  readonly tenancy: Tenancy;
  readonly log: Log;
}

/** In the whole cluster: reviews have no namespace. */
export const reviewRights: readonly Right[] = [
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'], why: 'who a build pod is' },
];
/** In the build namespace. */
export const podRights: readonly Right[] = [
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'], why: 'what a build pod may fetch; logs of builds' },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'], why: 'logs of builds' },
];

export function serveSources(endpoint: SourceEndpoint): Server {
  const strangers = new RateLimiter({ burst: 60, perSecond: 1 });
  return createServer((request, response) => {
    heedErrors(request, response, endpoint.log);
    answer(request, endpoint, strangers).then(
      archive => send(archive, response, endpoint),
      error => refuse(error, request, response, endpoint),
    );
  });
}

/** As it is stored, and no faster than it is read. */
function send({ bytes, stream }: StoredArchive, response: ServerResponse, { log }: SourceEndpoint): void {
  response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': bytes });
  pipeline(stream, response).catch((error: unknown) => log.debug('a source was not read to its end', { error }));
}

function refuse(error: unknown, request: IncomingMessage, response: ServerResponse, { log }: SourceEndpoint): void {
  const problem = problemOf(error);
  log.warn('a source was refused', { path: request.url?.slice(0, 300), code: problem.code, why: problem.message });
  if (response.headersSent) return void response.destroy();
  response
    .writeHead(problem.status, { 'content-type': 'application/problem+json' })
    .end(JSON.stringify(problemJson(problem)));
}

async function answer(
  request: IncomingMessage,
  endpoint: SourceEndpoint,
  strangers: RateLimiter,
): Promise<StoredArchive> {
  if (request.method !== 'GET') throw new Problem('MethodNotAllowed', 'there is only GET here');
  const token = tokenOf(request);
  const address = request.socket.remoteAddress ?? '';
  // Each unknown token costs the apiserver a review.
  strangers.check(address);
  const { name, digest } = await grantOf(token, request.url ?? '', endpoint).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'Unauthorized') strangers.take(address);
    throw error;
  });
  if (request.url !== sourcePath(name.namespace, name.name, digest))
    throw new Problem('ScopeMissing', 'this is not the source of this build');
  const owner = ownerOf(name, endpoint);
  const archive =
    owner === undefined ? undefined : await endpoint.storage.archive({ namespace: owner, name: name.name }, digest);
  if (archive === undefined) throw new Problem('NotFound', 'the source is gone');
  return archive;
}

/** In whose storage the source of an artifact is. Only a shared namespace has to be asked whose it is. */
function ownerOf(name: ArtifactRef, { tenancy, view }: SourceEndpoint): string | undefined {
  if (!tenancy.isShared) return name.namespace;
  const artifact = view.get(name);
  return artifact && tenancy.ownerOf(artifact);
}

function tokenOf({ headers }: IncomingMessage): string {
  const [, token] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? [];
  if (token === undefined) throw new Problem('Unauthorized', 'a build shows the token of its pod');
  return token;
}

const reviewSchema = z.object({
  status: z.object({
    authenticated: z.boolean().optional(),
    audiences: z.array(z.string()).optional(),
    user: z
      .object({ username: z.string().optional(), extra: z.record(z.string(), z.array(z.string())).optional() })
      .optional(),
  }),
});

interface Grant {
  readonly name: { readonly namespace: string; readonly name: string };
  readonly digest: string;
}

/** What the holder of this token may have. */
async function grantOf(token: string, asked: string, endpoint: SourceEndpoint): Promise<Grant> {
  const { username, extra } = await userOf(token, endpoint);
  if (username === `system:serviceaccount:${endpoint.systemNamespace}:${sourceToken.operatorAccount}`) {
    const [, , namespace = '', name = '', digest = ''] = asked.split('/');
    return { name: { namespace, name }, digest };
  }
  const pod = await podOf(username, extra, endpoint);
  const found = pod.metadata.labels ?? {};
  const name = { namespace: found[labels.artifactNamespace] ?? '', name: found[labels.instance] ?? '' };
  return { name, digest: pod.metadata.annotations?.[sourceDigest] ?? '' };
}

/** Who holds a token that is meant for this endpoint. */
async function userOf(token: string, { client }: SourceEndpoint) {
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token, audiences: [sourceToken.audience] },
  };
  const { status } = reviewSchema.parse(await client.raw('POST', '/apis/authentication.k8s.io/v1/tokenreviews', body));
  const { username, extra = {} } = status.user ?? {};
  if (status.authenticated !== true || status.audiences?.includes(sourceToken.audience) !== true)
    throw new Problem('Unauthorized', 'this token is not of a build');
  return { username, extra };
}

/** The live pod that a token is bound to. */
async function podOf(
  username: string | undefined,
  extra: Readonly<Record<string, readonly string[]>>,
  { client, buildNamespace }: SourceEndpoint,
): Promise<KubeObject> {
  const isBuild = username === `system:serviceaccount:${buildNamespace}:${sourceToken.serviceAccount}`;
  const [name] = extra['authentication.kubernetes.io/pod-name'] ?? [];
  const [uid] = extra['authentication.kubernetes.io/pod-uid'] ?? [];
  if (!isBuild || name === undefined || uid === undefined)
    throw new Problem('Unauthorized', 'this token is not of a build');
  const pod = await client.get<KubeObject>(kinds.pod, { namespace: buildNamespace, name });
  if (pod.metadata.uid !== uid) throw new Problem('Unauthorized', 'the pod of this token is gone');
  return pod;
}

// Where build pods fetch uploaded sources: its own port, never behind the ingress. Who asks is a pod, known by the token that is
// bound to it; what it may have is written on that pod by the operator, and nothing else is given, whatever path is asked for.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { labels } from '@vibed/crds';
import { sourceDigest, sourcePath, sourceToken } from '@vibed/operator/source-access';
import type { ArtifactRef, ArtifactView } from '@vibed/store';
import { type KubeClient, type KubeObject, kinds, type Log } from '@vibed/store/kube';
import { z } from 'zod';
import type { Right } from './actions/action.ts';
import type { Metrics } from './metrics.ts';
import { Problem, problemJson, problemOf } from './problems.ts';
import type { SourceStorage } from './storage/storage.ts';
import type { Tenancy } from './tenancy.ts';

export interface SourceEndpoint {
  readonly client: KubeClient;
  readonly storage: SourceStorage;
  readonly buildNamespace: string;
  readonly view: ArtifactView;
  readonly tenancy: Tenancy;
  readonly metrics: Metrics;
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
  return createServer((request, response) => {
    if (request.url === '/metrics') return void tellMetrics(response, endpoint);
    answer(request, endpoint).then(
      archive =>
        response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': archive.length }).end(archive),
      error => refuse(error, request, response, endpoint),
    );
  });
}

/** Here and not at the public doors: what is counted is nobody's business outside. */
async function tellMetrics(response: ServerResponse, { metrics: { registry } }: SourceEndpoint): Promise<void> {
  response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
}

function refuse(error: unknown, request: IncomingMessage, response: ServerResponse, { log }: SourceEndpoint): void {
  const problem = problemOf(error);
  log.warn('a source was refused', { path: request.url?.slice(0, 300), code: problem.code, why: problem.message });
  response
    .writeHead(problem.status, { 'content-type': 'application/problem+json' })
    .end(JSON.stringify(problemJson(problem)));
}

async function answer(request: IncomingMessage, endpoint: SourceEndpoint): Promise<Buffer> {
  if (request.method !== 'GET') throw new Problem('MethodNotAllowed', 'there is only GET here');
  const pod = await podOf(tokenOf(request), endpoint);
  const found = pod.metadata.labels ?? {};
  const name = { namespace: found[labels.artifactNamespace] ?? '', name: found[labels.instance] ?? '' };
  const digest = pod.metadata.annotations?.[sourceDigest] ?? '';
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

/** The live pod that a token is bound to. */
async function podOf(token: string, { client, buildNamespace }: SourceEndpoint): Promise<KubeObject> {
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token, audiences: [sourceToken.audience] },
  };
  const { status } = reviewSchema.parse(await client.raw('POST', '/apis/authentication.k8s.io/v1/tokenreviews', body));
  const { username, extra = {} } = status.user ?? {};
  const account = `system:serviceaccount:${buildNamespace}:${sourceToken.serviceAccount}`;
  const isBuild =
    status.authenticated === true && status.audiences?.includes(sourceToken.audience) === true && username === account;
  const [name] = extra['authentication.kubernetes.io/pod-name'] ?? [];
  const [uid] = extra['authentication.kubernetes.io/pod-uid'] ?? [];
  if (!isBuild || name === undefined || uid === undefined)
    throw new Problem('Unauthorized', 'this token is not of a build');
  const pod = await client.get<KubeObject>(kinds.pod, { namespace: buildNamespace, name });
  if (pod.metadata.uid !== uid) throw new Problem('Unauthorized', 'the pod of this token is gone');
  return pod;
}

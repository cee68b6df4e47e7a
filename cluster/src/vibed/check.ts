// Whether a cluster can carry vibeD: short-lived pods in two scratch namespaces try what vibeD will do, and each thing
// that is missing is named with its remedy.

import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailed } from '../command.ts';
import { MANIFEST } from '../images/push.ts';
import { registryAt } from '../images/registry.ts';
import { atLeast } from '../preflight.ts';
import { appObjects, buildPod, forbiddenPod, hostOf, type Scratch, shutOff } from './check-objects.ts';
import {
  type AnonymousAccess,
  anonymousFinding,
  buildFindings,
  buildStuckFinding,
  type Finding,
  lateReason,
  linesOf,
  type PodState,
  podSecurityFinding,
  probeFinding,
  pullFinding,
  startOf,
} from './findings.ts';
import { BASE } from './images.ts';
import type { Kubectl } from './kubectl.ts';
import type { ProbeResult } from './probe.ts';
import { type IngressState, takenHostsFinding } from './taken-hosts.ts';
import type { Target } from './target.ts';

const patienceMs = 120_000;
const oldest = '1.31';

/** Prints every finding as it comes; the number of missing things. */
export async function check(target: Target): Promise<number> {
  let missing = 0;
  const say = (findings: readonly Finding[]): void => {
    for (const finding of findings) {
      console.log(linesOf(finding));
      if (finding.verdict === 'missing') missing += 1;
    }
  };
  say(await cluster(target.kubectl));
  if (missing > 0) return missing; // without rights nothing else can be tried
  say([takenHostsFinding(await target.kubectl.list<IngressState>('ingress'), target.settings)]);
  say([await registryFromHere(target)]);
  if (missing > 0) return missing; // the images of the pods come from there
  await target.images.ensure(line => console.log(`           ${line}`));
  say([anonymousFinding(await anonymousAccess(target), target.acceptsOpenRegistry)]);
  const word = `check-${randomBytes(4).toString('hex')}`;
  const { kubectl } = target;
  await kubectl.inScratch('restricted', namespace =>
    kubectl.inScratch('baseline', async buildNamespace => {
      const scratch = { namespace, buildNamespace, word };
      say([await podSecurity(kubectl, scratch)]);
      await Promise.all([asAnApp(target, scratch, say), asABuild(target, scratch).then(say)]);
    }),
  );
  return missing;
}

async function cluster(kubectl: Kubectl): Promise<readonly Finding[]> {
  const name = 'cluster';
  const { serverVersion } = JSON.parse(await kubectl.run('version', '-o', 'json')) as {
    serverVersion: { gitVersion: string };
  };
  const version = serverVersion.gitVersion.replace(/^v|[+-].*$/g, '');
  const administrator = (await kubectl.run('auth', 'can-i', '*', '*', '--all-namespaces').catch(() => 'no')).trim();
  const findings: Finding[] = [
    atLeast(version, oldest)
      ? { name, verdict: 'ok', detail: `Kubernetes ${version}` }
      : { name, verdict: 'missing', detail: `Kubernetes ${version}`, remedy: `${oldest} or newer is needed` },
  ];
  if (administrator !== 'yes')
    findings.push({
      name: 'rights',
      verdict: 'missing',
      detail: 'this kubeconfig is no administrator',
      remedy: 'installing makes a CRD, ClusterRoles and namespaces: use a kubeconfig with cluster-admin',
    });
  return findings;
}

async function registryFromHere({ registry }: Target): Promise<Finding> {
  const name = 'registry from here';
  const problem = await registry.fetch('/v2/').then(
    ({ status }) => (status === 200 ? undefined : `${registry.url}/v2/ answers ${status}`),
    (error: Error) => `${registry.url}: ${error.cause instanceof Error ? error.cause.message : error.message}`,
  );
  if (problem === undefined) return { name, verdict: 'ok', detail: registry.url };
  const remedy = /40[13]$/.test(problem)
    ? 'VIBED_REGISTRY_AUTH=file like ~/.docker/config.json with a login that may push'
    : 'this machine puts vibeD’s images there: where it knows the registry by another address, VIBED_REGISTRY_HERE=URL';
  return { name, verdict: 'missing', detail: problem, remedy };
}

/** Tries to read an image that is there, and to begin an upload. */
async function anonymousAccess({ registry, settings }: Target): Promise<AnonymousAccess> {
  const { prefix } = settings.registry;
  const anonymous = registryAt(registry.url);
  const image = `/v2/${prefix}/${BASE.name}/manifests/${BASE.tag}`;
  const head = { method: 'HEAD', headers: { accept: MANIFEST } };
  const isThere = (await registry.fetch(image, head)).ok;
  const read = await anonymous.fetch(isThere ? image : '/v2/', isThere ? head : {});
  await read.body?.cancel();
  const begun = await anonymous.fetch(`/v2/${prefix}/check/blobs/uploads/`, { method: 'POST' });
  await begun.body?.cancel();
  const location = begun.headers.get('location');
  if (begun.ok && location !== null) {
    const { pathname, search } = new URL(location, registry.url);
    await anonymous.fetch(`${pathname}${search}`, { method: 'DELETE' });
  }
  return { reads: read.ok, writes: begun.ok };
}

async function podSecurity(kubectl: Kubectl, scratch: Scratch): Promise<Finding> {
  const refusal = await kubectl.apply(forbiddenPod(scratch), '--dry-run=server').then(
    () => undefined,
    (error: Error) => error.message,
  );
  return podSecurityFinding(refusal);
}

async function asAnApp(target: Target, scratch: Scratch, say: (findings: readonly Finding[]) => void): Promise<void> {
  const { kubectl, settings, images, caBundle } = target;
  const objects = await appObjects(scratch, settings, images.probe, caBundle);
  await kubectl.apply({ apiVersion: 'v1', kind: 'List', items: objects });
  const stuck = await started(kubectl, 'app', scratch.namespace);
  say([pullFinding(images.probe, stuck)]);
  if (stuck !== undefined) return;
  const [here, results] = await Promise.all([fromHere(target, scratch), probeResults(kubectl, scratch)]);
  say([...results.map(result => probeFinding(result, settings)), here]);
}

/** Why it does not start; undefined when it did. */
async function started(kubectl: Kubectl, name: string, namespace: string): Promise<string | undefined> {
  const deadline = Date.now() + patienceMs;
  for (; ; await sleep(1_000)) {
    const pod = await kubectl.get<PodState>('pod', name, namespace);
    const start = startOf(pod);
    if (start.state === 'started') return undefined;
    if (start.state === 'stuck') return start.why;
    if (Date.now() > deadline) return `${lateReason(pod)}. ${await lastWarning(kubectl, namespace)}`;
  }
}

/** What the node says of a pod that does not even get a sandbox stands in its events alone. */
async function lastWarning(kubectl: Kubectl, namespace: string): Promise<string> {
  const options = ['--field-selector=type=Warning', '--sort-by=.lastTimestamp', '-o', 'jsonpath={.items[-1:].message}'];
  return (await kubectl.run('-n', namespace, 'get', 'events', ...options)).trim();
}

async function probeResults(kubectl: Kubectl, { namespace }: Scratch): Promise<readonly ProbeResult[]> {
  const deadline = Date.now() + patienceMs;
  for (; ; await sleep(1_000)) {
    const log = await kubectl.run('-n', namespace, 'logs', 'app').catch(() => '');
    const line = log.split('\n').find(text => text.startsWith('{"results"'));
    if (line !== undefined) return (JSON.parse(line) as { results: ProbeResult[] }).results;
    if (Date.now() > deadline) throw new Error(`the pod that looks around says nothing: ${log.slice(-500)}`);
  }
}

async function asABuild({ kubectl, settings }: Target, scratch: Scratch): Promise<readonly Finding[]> {
  const { buildNamespace: namespace } = scratch;
  await kubectl.apply(shutOff(scratch));
  const refused = await kubectl.apply(buildPod(scratch, settings)).catch((error: unknown) => {
    if (error instanceof CommandFailed) return error.message;
    throw error;
  });
  const stuck = refused ?? (await started(kubectl, 'build', namespace));
  if (typeof stuck === 'string') return [buildStuckFinding(stuck, settings)];
  const deadline = Date.now() + patienceMs;
  for (; ; await sleep(1_000)) {
    const { status } = await kubectl.get<PodState>('pod', 'build', namespace);
    const code = status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
    if (code === undefined && Date.now() < deadline) continue;
    return buildFindings(await kubectl.run('-n', namespace, 'logs', 'build'), code, settings);
  }
}

/** People open URLs from machines like this one, by a name that vibeD itself never resolves. */
async function fromHere({ settings }: Target, scratch: Scratch): Promise<Finding> {
  const { apps } = settings;
  const host = hostOf(scratch, settings);
  const name = 'URLs from here';
  const port = apps.externalPort ?? (apps.scheme === 'https' ? 443 : 80);
  const url = `${apps.scheme}://${host}${apps.externalPort === undefined ? '' : `:${port}`}`;
  const local = apps.domain === 'localhost';
  const address = local
    ? '127.0.0.1'
    : await lookup(host).then(
        found => found.address,
        () => undefined,
      );
  if (address === undefined) {
    const remedy = `a DNS record *.${apps.domain} that leads to the ingress`;
    return { name, verdict: 'warn', detail: `${host} does not resolve`, remedy };
  }
  if (apps.scheme === 'https') return { name, verdict: 'ok', detail: `${host} is ${address}` };
  for (let tries = 0, last = ''; ; tries++, await sleep(1_000)) {
    last = await body(address, port, host).catch((error: Error) => error.message);
    if (last === scratch.word) return { name, verdict: 'ok', detail: url };
    if (tries >= 15)
      return {
        name,
        verdict: 'warn',
        detail: `${url}: ${last.slice(0, 100)}`,
        remedy: `${address}:${port} does not lead to the ingress: VIBED_DOMAIN=domain:port names another port`,
      };
  }
}

function body(address: string, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: address, port, headers: { host }, timeout: 5_000 };
    const request = http.get(options, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve(text));
    });
    request.on('timeout', () => request.destroy(new Error('no answer in 5 s')));
    request.on('error', reject);
  });
}

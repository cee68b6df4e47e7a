// Knative Serving on this checkout's cluster. It is on once asked for, and stays on over stops: the file that says so goes
// away with the cluster, or when Knative is taken off it.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { restartTraefik } from '../addons.ts';
import { MANIFESTS } from '../binaries.ts';
import { CommandFailed } from '../command.ts';
import { kubectl } from '../control-plane.ts';
import { imageOf } from '../images/image.ts';
import { knative } from '../images/knative.ts';
import { pushImage, repositoryOf } from '../images/push.ts';
import { hasKnative, KNATIVE_NAMESPACE, knativeFile, type Layout } from '../layout.ts';
import type { Ports } from '../ports.ts';
import { ownRegistry } from '../registry-users.ts';
import { type Kubectl, kubectlFor } from '../vibed/kubectl.ts';
import { isFirst, type Manifest, manifestsIn } from './manifests.ts';

const DEPLOYMENTS = ['controller', 'autoscaler', 'activator', 'webhook'];

const ownKubectl = (layout: Layout): Kubectl => kubectlFor(join(layout.bin, 'kubectl'), layout.kubeconfig);

/** Builds the images that the cache does not have, and pushes those that the registry does not. */
export async function pushKnative(layout: Layout, ports: Ports, binaries: string, say: (detail: string) => void) {
  const registry = await ownRegistry(layout, ports);
  for (const recipe of knative(binaries)) {
    say(recipe.name);
    const image = await imageOf(layout.cache, recipe, join(layout.log, 'images.log'));
    const { repository, tag } = repositoryOf(image.name);
    await pushImage(registry, image, repository, tag);
  }
}

const objectsIn = async (layout: Layout, binaries: string): Promise<readonly Manifest[]> =>
  manifestsIn(await readFile(join(binaries, MANIFESTS), 'utf8'), layout);

const isOf =
  (...kinds: readonly string[]) =>
  ({ kind }: Manifest): boolean =>
    kinds.includes(kind);
const isCRD = isOf('CustomResourceDefinition');
const isWebhook = isOf('ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration');
const refs = (objects: readonly Manifest[]): readonly string[] =>
  objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);

/** Applies all of it again, which repairs what was changed or deleted, and waits until it serves. */
export async function installKnative(
  layout: Layout,
  ports: Ports,
  binaries: string,
  say: (detail: string) => void,
): Promise<void> {
  const own = ownKubectl(layout);
  const objects = await objectsIn(layout, binaries);
  await untilGone(own);
  await applied(own, objects.filter(isFirst));
  await own.run('wait', '--for=condition=Established', '--timeout=60s', ...refs(objects.filter(isCRD)));
  await applied(
    own,
    objects.filter(object => !isFirst(object)),
  );
  if (!hasKnative(layout)) {
    await writeFile(knativeFile(layout), '');
    await restartTraefik(layout, ports);
  }
  await servingKnative(layout, say);
}

/** What is on its way out takes an apply and goes all the same. */
async function untilGone(own: Kubectl): Promise<void> {
  const going = await own.run('get', 'crd', '-o=jsonpath={.items[?(@.metadata.deletionTimestamp)].metadata.name}');
  const names = going.split(/\s+/).filter(name => name.endsWith('.knative.dev'));
  if (names.length > 0) await own.run('wait', '--for=delete', '--timeout=180s', ...names.map(name => `crd/${name}`));
}

async function servingKnative(layout: Layout, say: (detail: string) => void): Promise<void> {
  const own = ownKubectl(layout);
  for (const name of DEPLOYMENTS) {
    say(`waiting for ${name}`);
    await own.run('-n', KNATIVE_NAMESPACE, 'rollout', 'status', `deployment/${name}`, '--timeout=180s');
  }
}

/** Every part of it is available. */
export async function isServing(layout: Layout): Promise<boolean> {
  const path = '-o=jsonpath={range .items[*]}{.metadata.name}={.status.availableReplicas} {end}';
  const answer = await kubectl(layout, ['-n', KNATIVE_NAMESPACE, 'get', 'deployments', path, '--request-timeout=5s']);
  const available = new Set(answer?.trim().split(' '));
  return DEPLOYMENTS.every(name => available.has(`${name}=1`));
}

/**
 * Knative's own webhook judges its settings. Where it is down, what else was applied in the same go brings it back, and a
 * later go succeeds.
 */
async function applied(own: Kubectl, objects: readonly Manifest[]): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    try {
      return await own.apply({ apiVersion: 'v1', kind: 'List', items: objects });
    } catch (error) {
      const isItsOwn = error instanceof CommandFailed && error.message.includes('failed calling webhook');
      if (!isItsOwn || Date.now() > deadline) throw error;
      await sleep(1_000);
    }
  }
}

/** With every app on it: its kinds go while its controllers still run, which let go of what they hold. */
export async function removeKnative(layout: Layout, ports: Ports, binaries: string): Promise<void> {
  const own = ownKubectl(layout);
  const objects = await objectsIn(layout, binaries);
  const global = objects.filter(({ metadata }) => metadata.namespace === undefined);
  const rest = global.filter(object => !isWebhook(object) && !isCRD(object));
  const gone = (...going: readonly string[]) => own.run('delete', '--ignore-not-found', '--timeout=300s', ...going);
  for (const going of [global.filter(isWebhook), global.filter(isCRD)]) await gone(...refs(going));
  // A namespace with pods in it waits for half of their grace, and the activator's is ten minutes: nobody asks it any more.
  await gone(`namespace/${KNATIVE_NAMESPACE}`, '--wait=false');
  await gone('pods', '--all', '--grace-period=1', `--namespace=${KNATIVE_NAMESPACE}`);
  await gone(...refs(rest));
  await rm(knativeFile(layout), { force: true });
  await restartTraefik(layout, ports);
}

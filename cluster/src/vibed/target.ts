// The cluster that gets vibeD: this checkout's own, or the one that KUBECONFIG names. Everything that depends on which it
// is lies here.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { RegistryClient } from '../../../operator/src/build-pod/registry-client.ts';
import { ociRegistry } from '../../../operator/src/registry/oci-registry.ts';
import { pinnedBases } from '../../../operator/src/registry/pin-bases.ts';
import { type Settings, settingsSchema } from '../../../operator/src/settings.ts';
import type { Environment } from '../environment.ts';
import { readFacts } from '../facts.ts';
import { loginIn, type Registry, registryAt } from '../images/registry.ts';
import type { Layout } from '../layout.ts';
import { dockerConfig, type RegistryUser, registryLogin } from '../registry-users.ts';
import { type Given, isGiven, readGiven, type Tree } from './config.ts';
import { discovered, installedSettings } from './discover.ts';
import { BASE, BUILDAH_TAG, ensureImages, type Images, operatorImage } from './images.ts';
import { findKubectl, type Kubectl, kubectlFor } from './kubectl.ts';
import { apiBelow, merged, PUSH_SECRET, problemsOf, REMEDIES, settingsFor } from './settings.ts';

export interface Target {
  /** How it is spoken of. */
  readonly name: string;
  readonly own: boolean;
  readonly kubectl: Kubectl;
  /** As this machine reaches it. */
  readonly registry: Registry;
  readonly images: Images;
  /** As it is written into the ConfigMap: without the defaults. */
  readonly written: Tree;
  readonly settings: Settings;
  /** PEM text. */
  readonly caBundle: string | undefined;
  /** docker config.json of the Secrets that build pods and the operator push with. */
  readonly pushAuth: { readonly builds: string; readonly operator: string } | undefined;
  /** The owner accepts a registry that asks for no login. */
  readonly acceptsOpenRegistry: boolean;
}

export class NotUsable extends Error {}

export async function targetOf(layout: Layout): Promise<Target> {
  return isGiven(layout) ? givenTarget(layout, await readGiven()) : ownTarget(layout);
}

async function ownTarget(layout: Layout): Promise<Target> {
  const env = await readFacts(layout);
  if (env === undefined) throw new NotUsable('there is no cluster yet: `make up`');
  const written = await withPinnedBases(settingsFor(env), env);
  const registry = registryAt(env.registryURL, await registryLogin(layout, 'machine'));
  const login = async (user: RegistryUser) => dockerConfig(await registryLogin(layout, user), env.registry);
  return {
    name: `${env.name} (${env.kubeconfig})`,
    own: true,
    kubectl: kubectlFor(env.kubectl, env.kubeconfig),
    registry,
    images: {
      probe: env.images.operatorBase,
      ensure: async () => undefined, // `up` put them there
      operator: () => operatorImage(registry, 'docker.io', 'vibed'),
    },
    written,
    settings: settingsSchema.parse(written),
    caBundle: await readFile(env.caBundle, 'utf8'),
    pushAuth: { builds: await login('builds'), operator: await login('operator') },
    acceptsOpenRegistry: false,
  };
}

/** By digest, as a site should have them; its registry holds every base there is here. */
async function withPinnedBases(written: Tree, { registryURL, registryAuth }: Environment): Promise<Tree> {
  const { builds } = settingsSchema.parse(written);
  const client = new RegistryClient({ url: registryURL, dockerConfigFile: registryAuth });
  const registry = ociRegistry(client, { signal: AbortSignal.timeout(60_000) });
  const { bases } = await pinnedBases(builds.bases, () => registry);
  return merged(written, { builds: { bases } });
}

async function givenTarget(layout: Layout, given: Given): Promise<Target> {
  const program = await findKubectl(layout);
  if (program === undefined) throw new NotUsable('kubectl is needed: https://kubernetes.io/docs/tasks/tools/');
  const kubeconfig = process.env.KUBECONFIG ?? '';
  if (!kubeconfig.split(':').some(path => existsSync(path))) throw new NotUsable(`KUBECONFIG: no file ${kubeconfig}`);
  const kubectl = kubectlFor(program, kubeconfig);
  const name = await nameOf(kubectl);
  const installed = await installedSettings(kubectl);
  const { written, settings } = await settingsOf(kubectl, name, given, installed?.settings ?? {});
  const { push, pull, prefix } = settings.registry;
  const here = new URL(given.registryHere ?? push);
  const login = given.registryAuth === undefined ? undefined : loginIn(given.registryAuth, new URL(push).host);
  const registry = registryAt(here.href, login);
  return {
    name,
    own: false,
    acceptsOpenRegistry: given.registryOpen,
    kubectl,
    registry,
    images: givenImages(layout, given, registry, { pull, prefix, buildah: settings.builds.image }),
    written,
    settings,
    caBundle: given.ca ?? installed?.ca,
    pushAuth:
      given.registryAuth === undefined ? undefined : { builds: given.registryAuth, operator: given.registryAuth },
  };
}

async function nameOf(kubectl: Kubectl): Promise<string> {
  const view = (path: string) => kubectl.run('config', 'view', '--minify', '-o', `jsonpath={${path}}`);
  return `context ${await view('.current-context')} at ${await view('.clusters[0].cluster.server')}`;
}

/** Discovered < written there before < VIBED_SETTINGS_FILE < variables. */
async function settingsOf(
  kubectl: Kubectl,
  name: string,
  given: Given,
  installed: Tree,
): Promise<{ written: Tree; settings: Settings }> {
  const secret = given.registryAuth === undefined ? {} : { registry: { pushSecret: PUSH_SECRET } };
  const said = merged(withoutDerived(installed), secret, given.file, given.settings);
  // Before anything is asked of a cluster that was perhaps not meant: KUBECONFIG may be set for other reasons.
  const { push, pull, prefix = 'vibed' } = (said.registry ?? {}) as { push?: string; pull?: string; prefix?: string };
  if (push === undefined)
    throw new NotUsable(
      `KUBECONFIG is set, so ${name} would get vibeD. For that it needs:\n  - ${REMEDIES['registry.push']}\n` +
        'For a cluster of this checkout: unset KUBECONFIG. All variables: docs/install.md',
    );
  const image = `${pull ?? new URL(push).host}/${prefix}/buildah:${BUILDAH_TAG}`;
  const found = merged({ builds: { image } }, await discovered(kubectl, said), said);
  const written = merged({ api: apiBelow(found) }, found);
  const problems = problemsOf(written);
  if (problems.length > 0)
    throw new NotUsable(`${name} cannot get vibeD yet:\n${problems.map(line => `  - ${line}`).join('\n')}`);
  return { written, settings: settingsSchema.parse(written) };
}

/** What an earlier install made of the registry, our version and the domain follows these; what a person wrote stays. */
function withoutDerived(installed: Tree): Tree {
  const { registry, builds, api } = installed as {
    registry?: { pull?: string; prefix?: string };
    builds?: { image?: string };
    api?: { publicUrl?: string };
  };
  const isOurs = builds?.image?.startsWith(`${registry?.pull}/${registry?.prefix ?? 'vibed'}/buildah:`) === true;
  const isBelow = api?.publicUrl !== undefined && api.publicUrl === apiBelow(installed).publicUrl;
  return {
    ...installed,
    ...(isOurs && { builds: without('image', builds) }),
    ...(isBelow && { api: without('publicUrl', api) }),
  };
}

const without = (name: string, tree: Tree = {}): Tree =>
  Object.fromEntries(Object.entries(tree).filter(([key]) => key !== name));

function givenImages(
  layout: Layout,
  { operatorImage: ready }: Given,
  registry: Registry,
  { pull, prefix, buildah }: { pull: string; prefix: string; buildah: string },
): Images {
  const wanted = [
    ...(ready === undefined ? (['node-git'] as const) : []),
    ...(buildah === `${pull}/${prefix}/buildah:${BUILDAH_TAG}` ? (['buildah'] as const) : []),
  ];
  const ensure: Images['ensure'] = say => ensureImages(layout, registry, prefix, wanted, say);
  return {
    probe: ready ?? `${pull}/${prefix}/${BASE.name}:${BASE.tag}`,
    ensure,
    operator: async () => {
      if (ready !== undefined) return ready;
      await ensure(console.log);
      return operatorImage(registry, pull, prefix);
    },
  };
}

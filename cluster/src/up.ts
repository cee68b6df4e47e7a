// From nothing, or from wherever it was left, to a cluster that runs. Every step looks at what is there first, so a rerun
// repeats nothing that is done.
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { startAddons, startEgressProxy, startRegistry } from './addons.ts';
import { binaryOf, COMPONENTS, linkBinaries } from './binaries.ts';
import { createCertificates } from './certificates.ts';
import { startControlPlane } from './control-plane.ts';
import { caBundle, installPackages, unpackedPackages } from './debian.ts';
import { environmentOf } from './environment.ts';
import { writeFacts } from './facts.ts';
import { allImages } from './images/all.ts';
import type { Image } from './images/image.ts';
import { pushImage, repositoryOf } from './images/push.ts';
import { installKnative, pushKnative } from './knative/knative.ts';
import { hasKnative, type Layout } from './layout.ts';
import { createNetwork } from './network.ts';
import { startNode } from './node.ts';
import { allowList, fileHosts, type PackageSources, packageSources } from './package-sources.ts';
import { PINNED } from './pinned.ts';
import { choosePorts, DEFAULT_PORTS, isFree, type Ports, rememberedPorts, rememberPorts } from './ports.ts';
import { preflight } from './preflight.ts';
import { isRunning } from './processes.ts';
import { ownRegistry } from './registry-users.ts';
import { runSteps, type Step, tableOf } from './steps.ts';
import { removeLeftOver } from './teardown.ts';

export class NotReady extends Error {}

/** What the steps hand to each other. */
class Bringup {
  readonly layout: Layout;
  readonly ports: Ports;
  readonly toInstall: readonly string[];
  readonly programs = new Map<string, string>();
  readonly buildah = Promise.withResolvers<string>();
  /** Set while a step waits for the images. */
  sayImage: (name: string) => void = () => undefined;
  images: Promise<readonly Image[]> = Promise.resolve([]);
  sources: Promise<PackageSources>;
  allowed: Promise<readonly string[]>;

  constructor(layout: Layout, ports: Ports, toInstall: readonly string[]) {
    this.layout = layout;
    this.ports = ports;
    this.toInstall = toInstall;
    this.sources = packageSources(PINNED.debian);
    this.allowed = this.sources.then(async sources => allowList(sources, await fileHosts(sources)));
    for (const promise of [this.sources, this.allowed, this.buildah.promise]) promise.catch(() => undefined);
  }

  /** Compiles it, or takes it from the cache. */
  async compile(component: (typeof COMPONENTS)[keyof typeof COMPONENTS]): Promise<string> {
    const directory = await binaryOf(this.layout, component);
    for (const name of component.build.packages.map(path => basename(path)))
      this.programs.set(name, join(directory, name));
    return directory;
  }
}

export interface Wanted {
  /** Also where it was not asked for before. */
  readonly knative?: boolean;
}

export async function up(layout: Layout, out: NodeJS.WriteStream, wanted: Wanted = {}): Promise<void> {
  const { problems, toInstall } = await preflight(layout);
  if (problems.length > 0)
    throw new NotReady(`before this can start:\n${problems.map(line => `  - ${line}`).join('\n')}`);
  if (await removeLeftOver(layout))
    out.write('an earlier checkout at this path had left its cluster running: it is gone now\n');
  for (const directory of [layout.log, layout.config]) await mkdir(directory, { recursive: true });
  const ports = await choosePortsNow(layout, out);
  if (toInstall.length > 0) out.write(`installs from Debian: ${toInstall.join(' ')}\n`);
  const bringup = new Bringup(layout, ports, toInstall);
  const steps = [...stepsOf(bringup), ...(wanted.knative || hasKnative(layout) ? knativeSteps(bringup) : [])];
  out.write(
    `${tableOf(steps)}\ntouches: ${layout.state}, ${layout.run}, ${layout.cache}, network namespace and cgroup ${layout.name}\n`,
  );
  try {
    await runSteps(steps, out);
  } catch (error) {
    bringup.buildah.reject(error);
    throw error;
  }
}

async function choosePortsNow(layout: Layout, out: NodeJS.WriteStream): Promise<Ports> {
  const remembered = await rememberedPorts(layout);
  if (remembered && (await isRunning(layout, 'forward-outside'))) return remembered;
  const { ports, replaced } = await choosePorts(remembered ?? DEFAULT_PORTS, isFree);
  for (const line of replaced) out.write(`${line}\n`);
  await rememberPorts(layout, ports);
  return ports;
}

function stepsOf(bringup: Bringup): readonly Step[] {
  const { layout, ports } = bringup;
  return [
    { name: 'packages', expectedSeconds: 40, run: () => packages(bringup) },
    {
      name: 'kubernetes',
      expectedSeconds: 8 * 60,
      run: async () => void (await bringup.compile(COMPONENTS.kubernetes)),
    },
    { name: 'containers', expectedSeconds: 75, run: () => containers(bringup) },
    {
      name: 'buildah',
      expectedSeconds: 95,
      run: async () => bringup.buildah.resolve(await bringup.compile(COMPONENTS.buildah)),
    },
    { name: 'dns and ingress', expectedSeconds: 170, run: () => dnsAndIngress(bringup) },
    { name: 'images', expectedSeconds: 20, run: say => images(bringup, say) },
    { name: 'control plane', expectedSeconds: 12, run: say => startControlPlane(layout, say) },
    { name: 'node', expectedSeconds: 10, run: say => startNode(layout, say) },
    { name: 'services', expectedSeconds: 5, run: () => startAddons(layout, ports) },
  ];
}

function knativeSteps(bringup: Bringup): readonly Step[] {
  const { layout, ports } = bringup;
  const compiled = () => bringup.compile(COMPONENTS.knative);
  return [
    { name: 'knative', expectedSeconds: 100, run: async () => void (await compiled()) },
    {
      name: 'knative images',
      expectedSeconds: 20,
      run: async say => pushKnative(layout, ports, await compiled(), say),
    },
    {
      name: 'knative serving',
      expectedSeconds: 20,
      run: async say => installKnative(layout, ports, await compiled(), say),
    },
  ];
}

/** Starts the images too: they are built beside the compile, which leaves them the waiting times of downloads. */
async function packages(bringup: Bringup): Promise<void> {
  const { layout, toInstall } = bringup;
  if (toInstall.length > 0) await installPackages(layout, toInstall);
  const unpacked = await unpackedPackages(layout);
  bringup.programs.set('docker-registry', join(unpacked, 'usr/bin/docker-registry'));
  bringup.programs.set('cni', join(unpacked, 'usr/lib/cni'));
  const inputs = { sources: await bringup.sources, packages: unpacked };
  bringup.images = allImages(layout, inputs, bringup.buildah.promise, name => bringup.sayImage(name));
  bringup.images.catch(() => undefined); // thrown again where it is waited for
}

async function containers(bringup: Bringup): Promise<void> {
  await bringup.compile(COMPONENTS.containerd);
  await bringup.compile(COMPONENTS.runc);
}

async function dnsAndIngress(bringup: Bringup): Promise<void> {
  await bringup.compile(COMPONENTS.coredns);
  await bringup.compile(COMPONENTS.policies);
  await bringup.compile(COMPONENTS.traefik);
  await linkBinaries(bringup.layout, bringup.programs);
}

/** Waits for the images and puts them into the registry, which is the first thing that runs in the namespace. */
async function images(bringup: Bringup, say: (detail: string) => void): Promise<void> {
  const { layout, ports } = bringup;
  await createNetwork(layout);
  await createCertificates(layout);
  await startEgressProxy(layout, await bringup.allowed);
  await startRegistry(layout, ports);
  bringup.sayImage = say;
  const built = await bringup.images;
  const registry = await ownRegistry(layout, ports);
  for (const image of built) {
    say(`pushing ${image.name}`);
    const { repository, tag } = repositoryOf(image.name);
    await pushImage(registry, image, repository, tag);
  }
  const names = built.map(image => image.name).filter(name => !name.startsWith('vibed/'));
  const facts = {
    ports,
    sources: await bringup.sources,
    allowed: await bringup.allowed,
    caBundle: caBundle(),
    images: names,
  };
  await writeFacts(layout, environmentOf(layout, facts));
}

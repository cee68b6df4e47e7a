// Compiles the cluster's programs from the pinned Go modules in ../go. A component is built from a copy of its module, and
// its cache entry is named by everything that goes into it.
import { existsSync } from 'node:fs';
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, contentsOf, keyOf } from './cache.ts';
import { run } from './command.ts';
import type { Layout } from './layout.ts';
import { PINNED } from './pinned.ts';

export interface Build {
  readonly packages: readonly string[];
  readonly cgo: boolean;
  readonly tags?: string;
  readonly ldflags?: string;
  /** Folders of YAML in the modules, `<module>/<folder>`: they become the one file that MANIFESTS names. */
  readonly manifests?: readonly (readonly [module: string, folder: string])[];
}

/** Lies beside the programs of a component that has manifests. */
export const MANIFESTS = 'manifests.yaml';

export interface Component {
  readonly name: string;
  /** A folder of ../go. */
  readonly module: string;
  readonly build: Build;
}

const version = 'k8s.io/component-base/version';
const [, minor = ''] = PINNED.kubernetes.slice(1).split('.');
const containerd = 'github.com/containerd/containerd/v2';

export const KNATIVE_PROGRAMS = ['controller', 'autoscaler', 'activator', 'webhook', 'queue'] as const;

export const COMPONENTS = {
  kubernetes: {
    name: 'kubernetes',
    module: 'kubernetes',
    build: {
      packages: ['./node'],
      cgo: false,
      ldflags: `-X ${version}.gitVersion=${PINNED.kubernetes} -X ${version}.gitMajor=1 -X ${version}.gitMinor=${minor} -X ${version}.gitTreeState=clean`,
    },
  },
  containerd: {
    name: 'containerd',
    module: 'containerd',
    build: {
      packages: ['containerd', 'containerd-shim-runc-v2', 'ctr'].map(program => `${containerd}/cmd/${program}`),
      cgo: false,
      tags: 'no_btrfs,no_devmapper,no_zfs',
      ldflags: `-X ${containerd}/version.Version=${PINNED.containerd}`,
    },
  },
  runc: {
    name: 'runc',
    module: 'runc',
    build: {
      packages: ['github.com/opencontainers/runc'],
      cgo: true,
      tags: 'seccomp',
      ldflags: `-X main.version=${PINNED.runc}`,
    },
  },
  buildah: {
    name: 'buildah',
    module: 'buildah',
    build: {
      packages: ['github.com/containers/buildah/cmd/buildah'],
      cgo: true,
      tags: 'exclude_graphdriver_btrfs,containers_image_openpgp,seccomp',
    },
  },
  policies: { name: 'policies', module: 'policies', build: { packages: ['./network-policies'], cgo: false } },
  coredns: { name: 'coredns', module: 'kubernetes', build: { packages: ['./coredns'], cgo: false } },
  traefik: {
    name: 'traefik',
    module: 'kubernetes',
    build: { packages: ['github.com/traefik/traefik/v3/cmd/traefik'], cgo: false },
  },
  knative: {
    name: 'knative',
    module: 'kubernetes',
    build: {
      packages: KNATIVE_PROGRAMS.map(program => `knative.dev/serving/cmd/${program}`),
      cgo: false,
      manifests: [
        ['knative.dev/serving', 'config/core'],
        ['knative.dev/networking', 'config'],
        ['knative.dev/caching', 'config'],
      ],
    },
  },
} as const satisfies Record<string, Component>;

export const modules = join(import.meta.dirname, '../go');

/** A change in one program of a module is none in the others. */
const isSource = (path: string, { packages }: Build): boolean =>
  ['go.mod', 'go.sum'].includes(path) || packages.some(name => path.startsWith(`${name.replace('./', '')}/`));

interface Entry {
  readonly path: string;
  readonly source: string;
  readonly sources: readonly (readonly [string, string])[];
}

async function entryOf(layout: Layout, component: Component): Promise<Entry> {
  const source = join(modules, component.module);
  const sources = (await contentsOf(source)).filter(([path]) => isSource(path, component.build));
  const go = await run(['go', 'env', 'GOVERSION', 'GOARCH'], { cwd: source });
  const key = keyOf(sources, component.build, go, withoutProviders);
  return { path: join(layout.cache, 'bin', `${component.name}-${key}`), source, sources };
}

/** The directory with the component's programs; compiles them when the cache has none of these ingredients. */
export async function binaryOf(layout: Layout, component: Component): Promise<string> {
  const { path: entry, source, sources } = await entryOf(layout, component);
  return cached(entry, async directory => {
    const work = join(directory, 'source');
    await mkdir(work);
    for (const [path] of sources) await cp(join(source, path), join(work, path));
    if (component.module === 'kubernetes') await trimLego(work);
    await compile(work, component.build, directory, join(layout.log, `build-${component.name}.log`));
    if (component.build.manifests) await gather(work, component.build.manifests, join(directory, MANIFESTS));
    await rm(work, { recursive: true });
  });
}

/** The same directory where it is in the cache, without compiling anything. */
export async function cachedBinary(layout: Layout, component: Component): Promise<string | undefined> {
  const entry = await entryOf(layout, component).catch(() => undefined); // without Go nothing was compiled
  return entry && existsSync(entry.path) ? entry.path : undefined;
}

async function compile(work: string, build: Build, output: string, log: string): Promise<void> {
  const tags = build.tags ? ['-tags', build.tags] : [];
  const flags = [
    '-mod=readonly',
    '-trimpath',
    '-buildvcs=false',
    ...tags,
    '-ldflags',
    `-s -w ${build.ldflags ?? ''}`.trim(),
  ];
  // The machine belongs to somebody who works on it meanwhile.
  await run(['nice', 'go', 'build', ...flags, '-o', `${output}/`, ...build.packages], {
    cwd: work,
    env: { CGO_ENABLED: build.cgo ? '1' : '0', GOFLAGS: '' },
    log,
  });
}

/** A module's own manifests are of the version that go.mod pins, like its programs. */
async function gather(work: string, folders: NonNullable<Build['manifests']>, file: string): Promise<void> {
  const documents: string[] = [];
  for (const [module, folder] of folders) {
    const directory = await run(['go', 'list', '-m', '-f', '{{.Dir}}', module], { cwd: work, env: { GOFLAGS: '' } });
    const files = await contentsOf(join(directory.trim(), folder));
    documents.push(...files.filter(([path]) => path.endsWith('.yaml')).map(([, text]) => text));
  }
  await writeFile(file, documents.join('\n---\n'));
}

const withoutProviders = `package dns

import (
	"fmt"

	"github.com/go-acme/lego/v4/challenge"
)

// NewDNSChallengeProviderByName knows no provider: this cluster never asks for a public certificate.
func NewDNSChallengeProviderByName(name string) (challenge.Provider, error) {
	return nil, fmt.Errorf("unrecognized DNS provider: %s", name)
}
`;

/**
 * Traefik links lego, and lego links the client libraries of 170 DNS providers: two thirds of Traefik's compile. The copy
 * of lego that go.mod points to knows none of them. Its checksum is checked like every module's, against the sum
 * database of this machine's Go configuration.
 */
async function trimLego(work: string): Promise<void> {
  const { module, version: at } = PINNED.lego;
  const answer = await run(['go', 'mod', 'download', '-json', `${module}@${at}`], {
    cwd: work,
    env: { GOFLAGS: '-mod=mod' },
  });
  const { Dir: original, Sum: sum } = JSON.parse(answer) as { Dir: string; Sum: string };
  if (sum !== PINNED.lego.sum) throw new Error(`${module}@${at} is not what was pinned: ${sum}`);
  await cp(original, join(work, 'lego'), { recursive: true });
  await run(['chmod', '-R', 'u+w', join(work, 'lego')]);
  await writeFile(join(work, 'lego/providers/dns/zz_gen_dns_providers.go'), withoutProviders);
}

const NAMES_OF_NODE = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
];

/** Links the programs into .vibed/bin under the names they are called by. */
export async function linkBinaries(layout: Layout, from: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(layout.bin, { recursive: true });
  const link = async (target: string, name: string): Promise<void> => {
    await rm(join(layout.bin, name), { force: true, recursive: true });
    await symlink(target, join(layout.bin, name));
  };
  for (const [name, target] of from) {
    if (name !== 'node') await link(target, name);
    else for (const alias of NAMES_OF_NODE) await link(target, alias);
  }
}

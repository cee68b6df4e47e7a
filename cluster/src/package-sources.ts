// Where this machine gets its packages from, by asking its own clients. Builds in the cluster get the same sources, and
// the egress proxy lets exactly their hosts through.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ask } from './command.ts';

export interface PackageSources {
  readonly npmRegistry: string;
  readonly pipIndexUrl: string;
  readonly goProxy: string;
  readonly goSumDB: string;
  readonly cargoIndex: string;
  /** Debian archives, as `<uri> <suite>`. */
  readonly apt: readonly string[];
}

// What each client uses when nothing is configured.
const PIP_DEFAULT = 'https://pypi.org/simple';
const CARGO_DEFAULT = 'sparse+https://index.crates.io/';
const NPM_DEFAULT = 'https://registry.npmjs.org/';

export async function packageSources(release: string): Promise<PackageSources> {
  const [npm, pip, proxy, sumdb, cargo, apt] = await Promise.all([
    ask(['npm', 'config', 'get', 'registry'], { cwd: '/' }),
    ask(['pip', 'config', 'list'], { cwd: '/' }),
    ask(['go', 'env', 'GOPROXY'], { cwd: '/' }),
    ask(['go', 'env', 'GOSUMDB'], { cwd: '/' }),
    cargoConfig(),
    aptFiles(),
  ]);
  return {
    npmRegistry: npm?.trim() || NPM_DEFAULT,
    pipIndexUrl: pipIndexIn(pip ?? '') ?? PIP_DEFAULT,
    goProxy: proxy?.trim() ?? '',
    goSumDB: sumdb?.trim() ?? 'off',
    cargoIndex: cargoIndexIn(cargo) ?? CARGO_DEFAULT,
    apt: apt.flatMap(text => debianSourcesIn(text)).filter(source => source.split(' ')[1]?.startsWith(release)),
  };
}

/** The index URL in the output of `pip config list`; the environment wins over files. */
export function pipIndexIn(list: string): string | undefined {
  const found = [...list.matchAll(/^(\S+?)\.index-url='?([^'\n]+)'?$/gm)];
  return (found.find(([, where]) => where === ':env:') ?? found[0])?.[2];
}

/** The registry that a cargo configuration puts in the place of crates.io. */
export function cargoIndexIn(toml: string): string | undefined {
  const replacement = /\[source\.crates-io\][^[]*?replace-with\s*=\s*"([^"]+)"/.exec(toml)?.[1];
  if (!replacement) return undefined;
  const escaped = replacement.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`\\[source\\.(?:${escaped}|"${escaped}")\\][^[]*?registry\\s*=\\s*"([^"]+)"`).exec(toml)?.[1];
}

/** `<uri> <suite>` for every binary source in an apt file of either format. */
export function debianSourcesIn(text: string): readonly string[] {
  const lines = text.split('\n').filter(line => !line.startsWith('#'));
  const oneLine = lines.flatMap(line => {
    const [, uri, suite] = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line) ?? [];
    return uri && suite ? [`${uri} ${suite}`] : [];
  });
  const stanzas = lines.join('\n').split(/\n\s*\n/);
  const deb822 = stanzas.flatMap(stanza => {
    const field = (name: string) => new RegExp(`^${name}:\\s*(.+)$`, 'im').exec(stanza)?.[1]?.split(/\s+/) ?? [];
    if (!field('Types').includes('deb') || field('Enabled').includes('no')) return [];
    return field('URIs').flatMap(uri => field('Suites').map(suite => `${uri} ${suite}`));
  });
  return [...oneLine, ...deb822];
}

async function aptFiles(): Promise<readonly string[]> {
  const folder = '/etc/apt/sources.list.d';
  const names = existsSync(folder) ? await readdir(folder) : [];
  const files = names.filter(name => /\.(list|sources)$/.test(name)).map(name => join(folder, name));
  const present = ['/etc/apt/sources.list', ...files.sort()].filter(existsSync);
  return Promise.all(present.map(file => readFile(file, 'utf8')));
}

async function cargoConfig(): Promise<string> {
  const home = process.env.CARGO_HOME ?? join(process.env.HOME ?? '/root', '.cargo');
  const file = ['config.toml', 'config'].map(name => join(home, name)).find(existsSync);
  return file ? readFile(file, 'utf8') : '';
}

/** `host:port` of a URL, without what a client-specific prefix such as `sparse+` adds. */
export function hostPort(url: string): string | undefined {
  const plain = url.replace(/^[a-z]+\+(?=https?:)/, '');
  if (!URL.canParse(plain)) return undefined;
  const { protocol, hostname, port } = new URL(plain);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

/** The exact hosts that clients with these sources talk to; `files` are hosts that an index answered with. */
export function allowList(sources: PackageSources, files: readonly string[]): readonly string[] {
  const sumdb = sources.goSumDB.split(' ');
  const urls = [
    sources.npmRegistry,
    sources.pipIndexUrl,
    ...sources.goProxy.split(/[,|]/),
    ...(sources.goSumDB === 'off' ? [] : [sumdb[1] ?? `https://${sumdb[0]?.split('+')[0]}`]),
    sources.cargoIndex,
    ...sources.apt.map(source => source.split(' ')[0] ?? ''),
    ...files,
  ];
  return [...new Set(urls.flatMap(url => hostPort(url) ?? []))].sort();
}

/**
 * An index may keep its files on another host (PyPI does), which no client knows before it asks. One package of each
 * index is looked up to learn it; an index that does not answer adds nothing.
 */
export async function fileHosts(sources: PackageSources): Promise<readonly string[]> {
  const text = async (url: string, init: RequestInit = {}): Promise<string> => {
    try {
      const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
      return answer.ok ? await answer.text() : '';
    } catch {
      return '';
    }
  };
  const pip = new URL('pip/', `${sources.pipIndexUrl.replace(/\/$/, '')}/`).href;
  const npm = new URL('npm/latest', `${sources.npmRegistry.replace(/\/$/, '')}/`).href;
  const cargo = new URL('config.json', sources.cargoIndex.replace(/^sparse\+/, '')).href;
  const [simple, manifest, crates] = await Promise.all([text(pip), text(npm), text(cargo)]);
  const links = [...simple.matchAll(/href="([^"#]+)/g)].map(([, link]) => new URL(link ?? '', pip).href);
  const tarball = /"tarball":"([^"]+)"/.exec(manifest)?.[1];
  const downloads = /"dl":\s*"([^"]+)"/.exec(crates)?.[1];
  const hosts = [...links, tarball, downloads].flatMap(url => (url ? [new URL(url).origin] : []));
  return [...new Set(hosts)];
}

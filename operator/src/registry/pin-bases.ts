// The bases of the settings, pinned to what their tags mean now:
//
//   node operator/src/registry/pin-bases.ts settings.yaml [docker.io=http://mirror:5000 …]
//
// prints `builds.bases` for the settings, and what changed. A base that is pinned already moves to what its tag means today; new
// digests count for new builds only. Logins are not read: bases are public, or mirrored where none is asked for.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { RegistryClient } from '../build-pod/registry-client.ts';
import { parseReference } from '../builder/layers/base.ts';
import { readSettings, type Settings } from '../settings.ts';
import { ociRegistry } from './oci-registry.ts';
import type { Registry } from './registry.ts';

type Bases = Settings['builds']['bases'];
type RegistryOf = (host: string) => Registry | undefined;
interface Pinned {
  readonly bases: Bases;
  /** One line for each base that moved, and for each that was not found and stays as it is. */
  readonly changes: readonly string[];
}

/** Each base as `name:tag@digest`; a base whose tag cannot be found stays as it is. */
export async function pinnedBases(bases: Bases, registryOf: RegistryOf): Promise<Pinned> {
  const changes: string[] = [];
  const pin = async (language: string, image: string): Promise<string> => {
    const pinned = await pinnedImage(image, registryOf);
    if (pinned === undefined) changes.push(`${language}: ${image} was not found and stays as it is`);
    else if (pinned !== image) changes.push(`${language}: ${image} → ${pinned}`);
    return pinned ?? image;
  };
  const pinned: Record<string, Bases[keyof Bases]> = {};
  for (const [language, base] of Object.entries(bases)) {
    if (typeof base === 'string') pinned[language] = await pin(language, base);
    else {
      const list: Bases['node'] = [];
      for (const each of base) list.push({ ...each, image: await pin(`${language} ${each.version}`, each.image) });
      pinned[language] = list;
    }
  }
  return { bases: { ...bases, ...pinned }, changes };
}

async function pinnedImage(image: string, registryOf: RegistryOf): Promise<string | undefined> {
  const [tagged = ''] = image.split('@');
  const { host, repository, reference } = parseReference(tagged);
  const manifest = await registryOf(host)?.resolve(repository, reference);
  return manifest === undefined ? undefined : `${tagged}@${manifest.digest}`;
}

async function main([path = '', ...given]: readonly string[]): Promise<void> {
  const { builds } = readSettings(path);
  const mirrors = new Map(given.map(each => each.split('=') as [string, string]));
  const signal = AbortSignal.timeout(60_000);
  const { bases, changes } = await pinnedBases(builds.bases, host => {
    const url = mirrors.get(host) ?? builds.baseRegistries[host]?.url;
    return url === undefined ? undefined : ociRegistry(new RegistryClient({ url }), { signal });
  });
  console.log(stringify({ builds: { bases } }));
  for (const change of changes) console.error(change);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(process.argv.slice(2));
  process.exit();
}

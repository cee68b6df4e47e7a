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
import { readSettings } from '../settings.ts';
import { ociRegistry } from './oci-registry.ts';
import type { Registry } from './registry.ts';

/** Each base as `name:tag@digest`; one whose tag cannot be found is left out. */
export async function pinnedBases(
  bases: Readonly<Record<string, string>>,
  registryOf: (host: string) => Registry | undefined,
): Promise<Record<string, string>> {
  const pinned: Record<string, string> = {};
  for (const [language, name] of Object.entries(bases)) {
    const [tagged = ''] = name.split('@');
    const { host, repository, reference } = parseReference(tagged);
    const manifest = await registryOf(host)?.resolve(repository, reference);
    if (manifest !== undefined) pinned[language] = `${tagged}@${manifest.digest}`;
  }
  return pinned;
}

async function main([path = '', ...given]: readonly string[]): Promise<void> {
  const { builds } = readSettings(path);
  const mirrors = new Map(given.map(each => each.split('=') as [string, string]));
  const signal = AbortSignal.timeout(60_000);
  const pinned = await pinnedBases(builds.bases, host => {
    const url = mirrors.get(host) ?? builds.baseRegistries[host]?.url;
    return url === undefined ? undefined : ociRegistry(new RegistryClient({ url }), { signal });
  });
  console.log(stringify({ builds: { bases: { ...builds.bases, ...pinned } } }));
  for (const [language, name] of Object.entries(builds.bases)) {
    if (pinned[language] === undefined) console.error(`${language}: ${name} was not found and stays as it is`);
    else if (pinned[language] !== name) console.error(`${language}: ${name} → ${pinned[language]}`);
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(process.argv.slice(2));
  process.exit();
}

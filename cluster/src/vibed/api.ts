// The api-server's last mile on a cluster: where it keeps sources, its host at the ingress, and a first key, so that an AI tool
// on this machine can use it at once.
import { existsSync } from 'node:fs';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { keysSecret, mintKey } from '../../../api-server/src/auth/keys.ts';
import { apiServerIngress, sourcesClaim } from '../../../api-server/src/install/manifests.ts';
import { layoutOf } from '../layout.ts';
import type { Kubectl } from './kubectl.ts';
import type { Target } from './target.ts';

interface Manifest {
  kind?: string;
  metadata?: { name?: string };
  spec?: { template?: { spec?: { volumes?: { name: string; persistentVolumeClaim?: { claimName: string } }[] } } };
}

/** install.yaml as it is, or with sources on the pod's own disk where no StorageClass would ever give it a volume. */
export async function withStorage({ kubectl, settings, own }: Target, manifests: string): Promise<string> {
  if (own) {
    await kubectl.apply(await sourcesVolume(settings.systemNamespace));
    return manifests;
  }
  if (await hasDefaultClass(kubectl)) return manifests;
  console.log('no default StorageClass: sources are kept on the disk of the api-server’s pod, and are gone with it');
  const objects = parseAllDocuments(manifests).map(document => document.toJS() as Manifest);
  return objects
    .filter(object => object.kind !== 'PersistentVolumeClaim' || object.metadata?.name !== sourcesClaim)
    .map(object => stringify(onPodDisk(object)))
    .join('---\n');
}

async function hasDefaultClass(kubectl: Kubectl): Promise<boolean> {
  const annotation = 'storageclass\\.kubernetes\\.io/is-default-class';
  const path = `jsonpath={.items[*].metadata.annotations.${annotation}}`;
  return (await kubectl.run('get', 'storageclass', '-o', path)).includes('true');
}

/** A volume for install.yaml's claim, in the checkout's own folder: it outlives pods and a stopped cluster. */
async function sourcesVolume(namespace: string): Promise<object> {
  const path = join(layoutOf().state, 'sources');
  await mkdir(path, { recursive: true, mode: 0o700 });
  // The user of the api-server; a hostPath is not given to the pod's group.
  await chown(path, 1000, 1000);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: sourcesClaim },
    spec: {
      capacity: { storage: '10Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace, name: sourcesClaim },
      hostPath: { path, type: 'Directory' },
    },
  };
}

function onPodDisk(object: Manifest): Manifest {
  const pod = object.spec?.template?.spec;
  if (pod?.volumes === undefined) return object;
  const volumes = pod.volumes.map(volume =>
    volume.persistentVolumeClaim?.claimName === sourcesClaim ? { name: volume.name, emptyDir: {} } : volume,
  );
  return { ...object, spec: { ...object.spec, template: { ...object.spec?.template, spec: { ...pod, volumes } } } };
}

/** Where the first key is written; of a given cluster, with its host in the name. */
export function keyFileOf({ settings, own }: Target): string {
  return join(layoutOf().state, own ? 'mcp.json' : `mcp-${new URL(settings.api.publicUrl).hostname}.json`);
}

/** As every program on this machine reaches it: some resolve no names below localhost. */
function mcpUrl(publicUrl: string): string {
  const url = new URL('/mcp', publicUrl);
  if (url.hostname.endsWith('.localhost')) url.hostname = 'localhost';
  return url.href;
}

/** The key `local`, where nobody has a key yet, or where this checkout has lost the file of its own. */
export async function makeFirstKey(target: Target): Promise<void> {
  const { kubectl, settings, own } = target;
  const path = keyFileOf(target);
  const namespace = ['-n', settings.systemNamespace] as const;
  const known = await kubectl.run(...namespace, 'get', 'secret', keysSecret, '--ignore-not-found', '-o', 'name');
  if (known.trim() !== '' && (!own || existsSync(path))) return;
  const { id, key, entry } = mintKey('local', 'write');
  const headers = { Authorization: `Bearer ${key}` };
  const vibed = { type: 'http', url: mcpUrl(settings.api.publicUrl), headers };
  // First the file: what is in the Secret cannot be read back.
  await mkdir(layoutOf().state, { recursive: true });
  await writeFile(path, `${JSON.stringify({ mcpServers: { vibed } }, null, 2)}\n`, { mode: 0o600 });
  const data = { [id]: Buffer.from(JSON.stringify(entry)).toString('base64') };
  const metadata = { name: keysSecret, namespace: settings.systemNamespace };
  await kubectl.apply({ apiVersion: 'v1', kind: 'Secret', metadata, data }, `--field-manager=vibed-key-${id}`);
}

export async function exposeApi({ kubectl, settings }: Target): Promise<void> {
  await kubectl.apply(apiServerIngress(settings));
}

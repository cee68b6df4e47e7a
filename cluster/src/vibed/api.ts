// The api-server's last mile on a cluster: where it keeps sources, its host at the ingress, and a first key, so that an AI tool
// on this machine can use it at once.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { mintKey } from '../../../api-server/src/auth/keys.ts';
import { apiServerIngress, keysSecret, sourcesClaim } from '../../../api-server/src/install/manifests.ts';
import { layoutOf } from '../layout.ts';
import type { Kubectl } from './kubectl.ts';
import type { Target } from './target.ts';

interface Manifest {
  kind?: string;
  metadata?: { name?: string };
  spec?: { template?: { spec?: { volumes?: { name: string; persistentVolumeClaim?: { claimName: string } }[] } } };
}

/** install.yaml as it is, or with sources on the pod's own disk where no StorageClass would ever give it a volume. */
export async function withStorage(kubectl: Kubectl, manifests: string): Promise<string> {
  const annotation = 'storageclass\\.kubernetes\\.io/is-default-class';
  const classes = await kubectl.run(
    'get',
    'storageclass',
    '-o',
    `jsonpath={.items[*].metadata.annotations.${annotation}}`,
  );
  if (classes.includes('true')) return manifests;
  console.log('no default StorageClass: sources are kept on the disk of the api-server’s pod, and are gone with it');
  const objects = parseAllDocuments(manifests).map(document => document.toJS() as Manifest);
  return objects
    .filter(object => object.kind !== 'PersistentVolumeClaim' || object.metadata?.name !== sourcesClaim)
    .map(object => stringify(onPodDisk(object)))
    .join('---\n');
}

function onPodDisk(object: Manifest): Manifest {
  const pod = object.spec?.template?.spec;
  if (pod?.volumes === undefined) return object;
  const volumes = pod.volumes.map(volume =>
    volume.persistentVolumeClaim?.claimName === sourcesClaim ? { name: volume.name, emptyDir: {} } : volume,
  );
  return { ...object, spec: { ...object.spec, template: { ...object.spec?.template, spec: { ...pod, volumes } } } };
}

/** The Ingress of the api-server and, where nobody has a key yet, the key `local` in .vibed/mcp.json (of a given cluster: with its host in the name). */
export async function exposeApi({ kubectl, settings, own }: Target): Promise<void> {
  await kubectl.apply(apiServerIngress(settings));
  const namespace = ['-n', settings.systemNamespace] as const;
  const known = await kubectl.run(...namespace, 'get', 'secret', keysSecret, '--ignore-not-found', '-o', 'name');
  if (known.trim() !== '') return;
  const { id, key, entry } = mintKey('local', 'write');
  const url = `${settings.api.publicUrl}/mcp`;
  const headers = { Authorization: `Bearer ${key}` };
  const { state } = layoutOf();
  const path = join(state, own ? 'mcp.json' : `mcp-${new URL(url).hostname}.json`);
  // First the file: what is in the Secret cannot be read back.
  await mkdir(state, { recursive: true });
  await writeFile(path, `${JSON.stringify({ mcpServers: { vibed: { type: 'http', url, headers } } }, null, 2)}\n`, {
    mode: 0o600,
  });
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: keysSecret, namespace: settings.systemNamespace },
    stringData: { [id]: JSON.stringify(entry) },
  });
  console.log(`AI tools: ${url} with the key in ${path}; for Claude Code: claude --mcp-config ${path}`);
}

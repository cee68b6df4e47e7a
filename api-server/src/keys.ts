// vibed-keys: mints, lists and revokes API keys in the Secret vibed-api-keys, with the rights of whoever runs it. A key is
// printed once, when it is made; running servers see a change as soon as the kubelet has brought it to their volume.
import { parseArgs } from 'node:util';
import { connect, isKubeError, type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';
import { scopeSchema } from './auth/caller.ts';
import { type KeyEntry, keyEntrySchema, mintKey } from './auth/keys.ts';
import { readKubeconfig } from './config.ts';
import { keysSecret } from './install/manifests.ts';

const HELP = `usage: keys.ts create --user <user> [--scope read|write|admin] | list | revoke <id>
       [--namespace vibed-system]   the cluster of KUBECONFIG
`;

type Secret = KubeObject & { data?: Record<string, string> };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    user: { type: 'string' },
    scope: { type: 'string' },
    namespace: { type: 'string', default: 'vibed-system' },
  },
});
const ref = { namespace: values.namespace, name: keysSecret };
const client = connect({ kubeconfig: readKubeconfig(), fieldManager: 'vibed-keys', userAgent: 'vibed-keys/0.1.0' });
process.exitCode = await main(positionals);

async function main([command, id]: readonly string[]): Promise<number> {
  if (command === 'create' && values.user !== undefined) return await create(values.user, values.scope ?? 'write');
  if (command === 'list') return list(await read(client));
  if (command === 'revoke' && id !== undefined) return await revoke(id);
  process.stderr.write(HELP);
  return 2;
}

async function create(user: string, scope: string): Promise<number> {
  const { id, key, entry } = mintKey(user, scopeSchema.parse(scope));
  const stringData = { [id]: JSON.stringify(entry) };
  try {
    await client.mergePatch(kinds.secret, ref, { stringData });
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
    const secret: KubeObject & { stringData: object } = { metadata: ref, stringData };
    await client.create(kinds.secret, secret);
  }
  process.stdout.write(`${key}\n`);
  return 0;
}

function list(entries: Readonly<Record<string, KeyEntry>>): number {
  for (const [id, { user, scope, createdAt }] of Object.entries(entries))
    process.stdout.write(`${id}\t${user}\t${scope}\t${createdAt}\n`);
  return 0;
}

async function revoke(id: string): Promise<number> {
  if (!(id in (await read(client)))) {
    process.stderr.write(`there is no key ${id}\n`);
    return 1;
  }
  await client.mergePatch(kinds.secret, ref, { data: { [id]: null } });
  return 0;
}

async function read(kube: KubeClient): Promise<Record<string, KeyEntry>> {
  const { data = {} } = await kube.get<Secret>(kinds.secret, ref);
  const entries = Object.entries(data).map(
    ([id, text]) => [id, keyEntrySchema.parse(JSON.parse(Buffer.from(text, 'base64').toString()))] as const,
  );
  return Object.fromEntries(entries);
}

// `vibed keys`: API keys are entries of a Secret, made with the rights of whoever has the cluster's kubeconfig; no key of vibeD
// can make another. Of a key only its hash is kept, so it is shown once, when it is made.
import { execFile } from 'node:child_process';
import { type KeyEntry, keyEntrySchema, keysSecret, mintKey, scopeSchema } from '@vibed/api-server/keys';
import { z } from 'zod';
import { answer, type Local, localCommand, textFlag } from './command.ts';
import { UsageError } from './failures.ts';
import { table } from './terminal.ts';

export const keys = localCommand({
  name: 'keys',
  summary: 'create, list or revoke API keys; needs kubectl and the kubeconfig of an administrator, no server',
  words: '<create|list|revoke> [id]',
  choices: { 'create|list|revoke': ['create', 'list', 'revoke'] },
  examples: ['vibed keys create --user alice --scope write', 'vibed keys list', 'vibed keys revoke 1a2b3c4d'],
  options: {
    user: { type: 'string', value: 'NAME', about: 'whose apps a new key reaches' },
    scope: { type: 'string', choices: scopeSchema.options, about: 'what it may do; write unless given' },
    namespace: { type: 'string', value: 'NAME', about: 'where vibeD runs; vibed-system unless given' },
  },
  run: async local => {
    const { 'create|list|revoke': action, id } = local.args;
    if (action === 'create' && id === undefined) return await create(local);
    if (action === 'list' && id === undefined) return await list(local);
    if (action === 'revoke' && id !== undefined) return await revoke(id, local);
    throw new UsageError('say create --user NAME, list, or revoke ID', 'vibed keys --help');
  },
});

async function create(local: Local): Promise<number> {
  const user = textFlag(local, 'user') ?? '';
  if (!/^\S{1,200}$/.test(user)) throw new UsageError('--user: say whose key it is, without spaces', '--user alice');
  const scope = scopeSchema.parse(textFlag(local, 'scope') ?? 'write');
  const { id, key, entry } = mintKey(user, scope);
  const data = { [id]: Buffer.from(JSON.stringify(entry)).toString('base64') };
  const metadata = { name: keysSecret, namespace: namespaceOf(local) };
  // A manager per key: applying one entry leaves the others to theirs.
  const manager = `--field-manager=vibed-key-${id}`;
  const secret = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, data });
  await kubectl(['apply', '--server-side', manager, '-f', '-'], secret);
  const when = await bringToServer(local);
  local.terminal.err(`key ${id} of ${user}, scope ${entry.scope}. It is shown once; the server takes it ${when}`);
  return answer(local, { id, user, scope: entry.scope, key }, () => key);
}

async function list(local: Local): Promise<number> {
  const entries = await read(local);
  const all = Object.entries(entries).map(([id, { sha256: _, ...entry }]) => ({ id, ...entry }));
  const rows = all.map(({ id, user, scope, createdAt }) => [id, user, scope, createdAt]);
  return answer(local, { keys: all }, () => table(['ID', 'USER', 'SCOPE', 'CREATED'], rows));
}

async function revoke(id: string, local: Local): Promise<number> {
  const entry = (await read(local))[id];
  if (entry === undefined) throw new UsageError(`there is no key ${id}`, 'vibed keys list tells their ids');
  const patch = JSON.stringify({ data: { [id]: null } });
  await kubectl(['-n', namespaceOf(local), 'patch', 'secret', keysSecret, '--type', 'merge', '-p', patch]);
  const when = await bringToServer(local);
  return answer(local, { id, revoked: true }, () => `key ${id} of ${entry.user} is revoked; the server knows ${when}`);
}

/** A kubelet renews a pod's volume at once when the pod changes, else by and by; says when that will be. */
async function bringToServer(local: Local): Promise<string> {
  const pods = ['pods', '-l', 'app.kubernetes.io/name=vibed,app.kubernetes.io/component=api-server'];
  const mark = `vibed.dev/keys-changed=${Date.now()}`;
  try {
    await kubectl(['-n', namespaceOf(local), 'annotate', ...pods, mark, '--overwrite']);
    return 'in a few seconds';
  } catch (error) {
    // The Secret is written: who may not touch pods only waits longer.
    if (error instanceof ClusterRefused) return 'within two minutes';
    throw error;
  }
}

const namespaceOf = (local: Local) => textFlag(local, 'namespace') ?? 'vibed-system';

const secretSchema = z.looseObject({ data: z.record(z.string(), z.string()).default({}) });

/** What is no entry of ours is left out. */
async function read(local: Local): Promise<Readonly<Record<string, KeyEntry>>> {
  const words = ['-n', namespaceOf(local), 'get', 'secret', keysSecret, '--ignore-not-found', '-o', 'json'];
  const text = await kubectl(words);
  if (text.trim() === '') return {};
  const entries = Object.entries(secretSchema.parse(JSON.parse(text)).data).flatMap(([id, encoded]) => {
    const entry = keyEntrySchema.safeParse(jsonOf(Buffer.from(encoded, 'base64').toString()));
    return entry.success ? [[id, entry.data] as const] : [];
  });
  return Object.fromEntries(entries);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told by the schema
  }
}

/** kubectl said no, in its own words. */
export class ClusterRefused extends Error {}

function kubectl(words: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('kubectl', words, { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT')
        reject(new UsageError('kubectl is not on the PATH', 'keys are kept in the cluster: run this where kubectl is'));
      else reject(new ClusterRefused(stderr.trim() === '' ? error.message : stderr.trim()));
    });
    child.stdin?.on('error', () => undefined); // it ended early; its exit tells why
    child.stdin?.end(input);
  });
}

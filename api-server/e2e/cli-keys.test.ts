// vibed keys, with the kubeconfig of this checkout's cluster: what is made works, is kept by hash alone, and ends when revoked.
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type KubeObject, kinds } from '@vibed/store/kube';
import { expect, it } from 'vitest';
import { keysSecret } from '../src/auth/keys.ts';
import { type Command, folderOf, installed } from './lib/command.ts';
import { client, rest, systemNamespace } from './lib/door.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const facts = JSON.parse(
  execFileSync(process.execPath, ['cluster/src/main.ts', 'env'], { cwd: root, encoding: 'utf8' }),
) as { kubeconfig: string; kubectl: string };

async function administrator(): Promise<Command> {
  const command = await installed('', dirname(facts.kubectl));
  Object.assign(command.env, { KUBECONFIG: facts.kubeconfig });
  return command;
}
/** Well below the minute that a kubelet takes of itself. */
const known = { timeout: 20_000, interval: 500 };
const answerTo = async (key: string) => (await rest(key, 'GET', '/api/artifacts')).status;

it('makes a key that may do what its scope says, and ends it', async () => {
  using command = await administrator();
  const made = await command.run('keys', 'create', '--user', 'door-keys', '--scope', 'read', '--json');
  const { id, key } = JSON.parse(made.out) as { id: string; key: string };
  try {
    const listed = await command.run('keys', 'list');
    expect(listed.out).toMatch(new RegExp(`^${id} +door-keys +read +20`, 'm'));
    const secret = await client.get<KubeObject>(kinds.secret, { namespace: systemNamespace, name: keysSecret });
    const { data = {} } = secret as { data?: Record<string, string> };
    const kept = Object.values(data).map(value => Buffer.from(value, 'base64').toString());
    expect(kept.filter(entry => entry.includes(id) || entry.includes(key.slice(-20)))).toEqual([]);
    expect([listed.out, listed.err, made.err].join()).not.toContain(key);

    await expect.poll(() => answerTo(key), known).toBe(200);
    using app = folderOf({ 'index.html': 'hi' });
    Object.assign(command.env, { VIBED_KEY: key });
    const refused = await command.run('deploy', app.folder, '--name', 'not-with-this-key');
    expect(refused).toMatchObject({ code: 3, out: '', err: expect.stringContaining('ScopeMissing') });
  } finally {
    expect(await command.run('keys', 'revoke', id)).toMatchObject({ code: 0 });
  }
  expect((await command.run('keys', 'list')).out).not.toContain(id);
  await expect.poll(() => answerTo(key), known).toBe(401);
  expect(await command.run('keys', 'revoke', id)).toMatchObject({ code: 2, err: expect.stringContaining('no key') });
});

it('prints the key alone, once, and says so when the cluster refuses', async () => {
  using command = await administrator();
  const { out, err } = await command.run('keys', 'create', '--user', 'door-keys');
  expect(out).toMatch(/^vibed_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
  expect(err).toContain('door-keys, scope write');
  const [, id = ''] = out.split('_');
  expect(await command.run('keys', 'revoke', id)).toMatchObject({ code: 0 });
  Object.assign(command.env, { KUBECONFIG: '/dev/null' });
  expect(await command.run('keys', 'list')).toMatchObject({ code: 3, out: '' });
});

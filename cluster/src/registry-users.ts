// Who may use the cluster's registry: one user for each component, with passwords that are made once per checkout. A request
// without one of them is refused, so that neither an app nor a RUN step of a build can read or write an image.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { type Registry, registryAt } from './images/registry.ts';
import { type Layout, REGISTRY } from './layout.ts';
import type { Ports } from './ports.ts';

/** `machine` is this checkout's own programs: they push images and read them in tests. `builds` is our steps in build pods. */
const USERS = ['machine', 'node', 'operator', 'builds'] as const;
export type RegistryUser = (typeof USERS)[number];

/** The registry reads it; the passwords in it are hashed. */
export const htpasswdFile = (layout: Layout): string => join(layout.pki, 'registry.htpasswd');
/** A docker config.json with the login of `machine`. */
export const registryAuthFile = (layout: Layout): string => join(layout.pki, 'registry-auth.json');
const passwordsFile = (layout: Layout): string => join(layout.pki, 'registry-users.json');

/** The registry compares a hash at every request, and a long random password needs no slow one. */
const ROUNDS = 4;

export async function createRegistryUsers(layout: Layout, ports: Ports): Promise<void> {
  await mkdir(layout.pki, { recursive: true, mode: 0o700 });
  if (!existsSync(passwordsFile(layout))) {
    const made = Object.fromEntries(USERS.map(user => [user, randomBytes(24).toString('base64url')]));
    await writeFile(passwordsFile(layout), JSON.stringify(made), { mode: 0o600 });
  }
  const passwords = Object.entries(await readPasswords(layout));
  const lines = await Promise.all(passwords.map(async ([user, password]) => `${user}:${await hash(password, ROUNDS)}`));
  await writeFile(htpasswdFile(layout), `${lines.join('\n')}\n`, { mode: 0o600 });
  const auth = await registryLogin(layout, 'machine');
  const text = dockerConfig(auth, REGISTRY, `127.0.0.1:${ports.registry}`);
  await writeFile(registryAuthFile(layout), text, { mode: 0o600 });
}

const readPasswords = async (layout: Layout): Promise<Record<RegistryUser, string>> =>
  JSON.parse(await readFile(passwordsFile(layout), 'utf8'));

/** base64 of `user:password`. */
export async function registryLogin(layout: Layout, user: RegistryUser): Promise<string> {
  const { [user]: password } = await readPasswords(layout);
  return Buffer.from(`${user}:${password}`).toString('base64');
}

/** A docker config.json that has the same login for each of the hosts. */
export const dockerConfig = (auth: string, ...hosts: readonly string[]): string =>
  JSON.stringify({ auths: Object.fromEntries(hosts.map(host => [host, { auth }])) });

/** The registry as this machine reaches it, as `machine`. */
export async function ownRegistry(layout: Layout, ports: Pick<Ports, 'registry'>): Promise<Registry> {
  return registryAt(`http://127.0.0.1:${ports.registry}`, await registryLogin(layout, 'machine'));
}

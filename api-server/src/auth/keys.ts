// API keys: `vibed_<id>_<secret>`. The Secret vibed-api-keys holds one entry per id, with the SHA-256 of the whole key and
// never the key; it is mounted as a folder and read again when it changes, so a revoked key ends without a restart.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@vibed/store/kube';
import { z } from 'zod';
import { type Caller, scopeSchema } from './caller.ts';

export { scopeSchema };

/** The Secret of vibeD's own namespace that holds the entries. */
export const keysSecret = 'vibed-api-keys';

export const keyEntrySchema = z.object({
  user: z.string().min(1).max(200),
  scope: scopeSchema,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.iso.datetime(),
  /** From then on the key is not known any more. */
  expiresAt: z.iso.datetime().optional(),
});
export type KeyEntry = z.output<typeof keyEntrySchema>;

const keyPattern = /^vibed_([a-z0-9]{8})_([A-Za-z0-9_-]{43})$/;
const rereadMs = 2_000;

/** A new key and what is kept of it. 256 bits of randomness need no slow hash. */
export function mintKey(user: string, scope: KeyEntry['scope']): { id: string; key: string; entry: KeyEntry } {
  const id = randomBytes(4).toString('hex');
  const key = `vibed_${id}_${randomBytes(32).toString('base64url')}`;
  return { id, key, entry: { user, scope, sha256: sha256(key).toString('hex'), createdAt: new Date().toISOString() } };
}

/** The keys of a folder, as they are now. */
export class KeyRing {
  readonly #folder: string;
  readonly #log: Log;
  #entries = new Map<string, KeyEntry>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** The caller of this key; undefined when it is unknown, malformed, expired or revoked. */
  async callerOf(key: string): Promise<Caller | undefined> {
    const [, id] = keyPattern.exec(key) ?? [];
    const entry = id === undefined ? undefined : await this.#entryOf(id);
    if (entry === undefined || !timingSafeEqual(sha256(key), Buffer.from(entry.sha256, 'hex'))) return undefined;
    return { user: entry.user, scope: entry.scope, keyId: id };
  }

  /** The caller of the key with this id, as it is now; undefined when it is unknown, expired or revoked. */
  async callerById(id: string): Promise<Caller | undefined> {
    const entry = await this.#entryOf(id);
    return entry && { user: entry.user, scope: entry.scope, keyId: id };
  }

  async #entryOf(id: string): Promise<KeyEntry | undefined> {
    if (performance.now() - this.#readAt > rereadMs) await this.#reread();
    const entry = this.#entries.get(id);
    const isExpired = entry?.expiresAt !== undefined && Date.parse(entry.expiresAt) <= Date.now();
    return isExpired ? undefined : entry;
  }

  async #reread(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #read(): Promise<void> {
    const entries = new Map<string, KeyEntry>();
    // Kubernetes mounts a Secret with links that begin with two dots.
    const names = (await readdir(this.#folder)).filter(name => !name.startsWith('.'));
    for (const id of names) {
      const text = await textOf(join(this.#folder, id));
      if (text === undefined) continue;
      const parsed = keyEntrySchema.safeParse(parseJson(text));
      if (parsed.success) entries.set(id, parsed.data);
      else this.#log.warn('an API key entry cannot be read', { id });
    }
    this.#entries = entries;
    this.#readAt = performance.now();
  }
}

/** Undefined for a key that was revoked after the folder was listed. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told by the schema, without quoting what was in the Secret
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

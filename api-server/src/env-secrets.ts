// Which Secrets of variables were made, so that those nobody refers to any more can go. The api-server may create and delete
// Secrets but not read or list them, so it keeps their names and the sizes of their values itself: a file each, on the volume of the
// sources.
import { Buffer } from 'node:buffer';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Turnstile } from './storage/turnstile.ts';

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

export interface SecretRetention {
  /** How long ago it must have been asked for: a spec that refers to it may just be on its way. */
  readonly unusedMs: number;
  readonly now: number;
  readonly isInUse: (secret: SecretName) => boolean;
  /** Removes it from the cluster; settled when it is gone already. */
  readonly remove: (secret: SecretName) => Promise<void>;
}

const sizesSchema = z.record(z.string(), z.int().min(0));
/** How many changes of one artifact's variables may wait for the one that is under way. */
const waitingChanges = 20;

export class EnvSecrets {
  readonly #root: string;
  readonly #changes = new Turnstile('changes of variables', 1, waitingChanges);

  constructor(root: string) {
    this.#root = join(root, 'env-secrets');
  }

  /** Runs changes of one artifact's variables one after the other: what one of them removes must not be what the next refers to. */
  async inTurn<T>(artifact: SecretName, change: () => Promise<T>): Promise<T> {
    return await this.#changes.pass(`${artifact.namespace}/${artifact.name}`, change);
  }

  /** To be called before a Secret is created, and again when one of this name is asked for. */
  async note({ namespace, name }: SecretName, values: Readonly<Record<string, string>>): Promise<void> {
    const sizes = Object.entries(values).map(([variable, value]) => [variable, Buffer.byteLength(value)]);
    await mkdir(join(this.#root, namespace), { recursive: true });
    await writeFile(join(this.#root, namespace, name), JSON.stringify(Object.fromEntries(sizes)));
  }

  /** Bytes of each variable in a Secret that was noted; undefined for any other Secret. */
  async sizesOf({ namespace, name }: SecretName): Promise<Readonly<Record<string, number>> | undefined> {
    try {
      const text = await readFile(join(this.#root, namespace, name), 'utf8');
      // Earlier releases kept the name alone.
      return text === '' ? {} : sizesSchema.parse(JSON.parse(text));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Removes one that was noted; any other Secret is not ours to remove. */
  async remove(secret: SecretName, remove: SecretRetention['remove']): Promise<void> {
    if ((await this.sizesOf(secret)) === undefined) return;
    await remove(secret);
    await rm(join(this.#root, secret.namespace, secret.name));
  }

  /** Removes what nobody refers to; returns how many. */
  async prune({ unusedMs, now, isInUse, remove }: SecretRetention): Promise<number> {
    let removed = 0;
    for (const secret of await this.#noted()) {
      const path = join(this.#root, secret.namespace, secret.name);
      if (isInUse(secret) || now - (await stat(path)).mtimeMs < unusedMs) continue;
      await remove(secret);
      await rm(path);
      removed += 1;
    }
    return removed;
  }

  async #noted(): Promise<SecretName[]> {
    await mkdir(this.#root, { recursive: true });
    const namespaces = await readdir(this.#root);
    const lists = namespaces.map(async namespace =>
      (await readdir(join(this.#root, namespace))).map(name => ({ namespace, name })),
    );
    return (await Promise.all(lists)).flat();
  }
}

// Which Secrets of variables were made, so that those nobody refers to any more can go. The api-server may create and delete
// Secrets but not read or list them, so it keeps the names itself: an empty file each, on the volume of the sources.
import { mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

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

export class EnvSecrets {
  readonly #root: string;

  constructor(root: string) {
    this.#root = join(root, 'env-secrets');
  }

  /** To be called before a Secret is created, and again when one of this name is asked for. */
  async note({ namespace, name }: SecretName): Promise<void> {
    const folder = join(this.#root, namespace);
    await mkdir(folder, { recursive: true });
    await using _file = await open(join(folder, name), 'a');
    const now = new Date();
    await utimes(join(folder, name), now, now);
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

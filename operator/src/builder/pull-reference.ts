import type { Owner } from '../artifact/identity.ts';
import { repositoryOf } from '../artifact/names.ts';
import type { Settings } from '../settings.ts';

/** How nodes name an image of this Artifact. */
export const pullReference =
  (owner: Owner, { registry }: Settings) =>
  (digest: string) =>
    `${registry.pull}/${repositoryOf(owner, registry)}@${digest}`;

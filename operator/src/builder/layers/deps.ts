// The stage that installs, cut where the whole source comes in: what is before depends on manifests and base alone, so it is done
// once per lockfile; what is after is the build of this very version.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Copy, Stage, Step } from '@vibed/recipe';

export interface CutStage {
  readonly base: string;
  /** Steps that need only the manifests. */
  readonly dependencies: readonly Step[];
  /** From the copy of the whole source on; empty when dependencies are all there is. */
  readonly build: readonly Step[];
}

/** Raised when what is kept, or how, changes: an older release's is then not taken for it. */
const format = 1;

const isWhole = (step: Step) => step.do === 'copy' && step.sources.includes('.');

export function cutStage({ base, steps }: Stage): CutStage {
  const at = steps.findIndex(isWhole);
  const cut = at < 0 ? steps.length : at;
  const dependencies = steps.slice(0, cut);
  // Without an installation before the cut there is nothing worth keeping.
  const installs = dependencies.some(step => step.do === 'copy') && dependencies.some(step => step.do === 'run');
  return installs || at < 0
    ? { base, dependencies, build: steps.slice(cut) }
    : { base, dependencies: [], build: steps };
}

/** Names the result of the dependency steps: the base, what is run, and the bytes of the files that are copied for it. */
export async function dependencyKey(stage: CutStage, baseDigest: string, root: string): Promise<string | undefined> {
  if (stage.dependencies.length === 0) return undefined;
  const hash = createHash('sha256').update(JSON.stringify([format, baseDigest, stage.dependencies]));
  const copies = stage.dependencies.filter((step): step is Copy => step.do === 'copy');
  for (const name of copies.flatMap(copy => copy.sources)) {
    const bytes = await readFile(join(root, name));
    hash.update(`${name}:${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}

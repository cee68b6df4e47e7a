// All looking at tenants' files, pages and logs, away from the event loop: each piece of work has a limit of time and memory, and
// no workspace keeps the others waiting.
import { OverLimit, Pool, type PoolOptions } from '@vibed/bounded';
import type { RecipeResult, Refusal } from '@vibed/recipe';
import type { KeptLog } from './logs.ts';
import type { Page } from './page.ts';
import type { TreeInput, tasks } from './tasks.ts';

/** Beside the bundled programs, or beside this source. */
const entry = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './analysis.mjs', import.meta.url);

/** Patterns are linear and what they read is bounded, so even a busy node needs a fraction of this. */
const limits = { processes: 2, perOwner: 1, megabytes: 128, milliseconds: 10_000, idleMs: 15_000 } as const;
/** Inputs whose analysis failed and is not repeated, at most. */
const remembered = 1_000;

export type { TreeInput } from './tasks.ts';

/** Whose data it is, as a workspace; and when nobody needs the result any more. */
export interface For {
  readonly owner: string;
  readonly signal?: AbortSignal | undefined;
}

export class Analysis {
  readonly #pool: Pool<typeof tasks>;
  readonly #tooComplex = new Map<string, Refusal>();

  constructor(options: Partial<PoolOptions> = {}) {
    this.#pool = new Pool({ entry, ...limits, ...options });
  }

  /** The recipe of a tree. One that takes too much is refused, and refused again without another look. */
  async recipe(input: TreeInput, digest: string, { owner, signal }: For): Promise<RecipeResult> {
    const key = `${digest} ${JSON.stringify(input.request)}`;
    const known = this.#tooComplex.get(key);
    if (known !== undefined) return known;
    try {
      return await this.#pool.run('recipe', input, { owner, signal });
    } catch (error) {
      if (!(error instanceof OverLimit) || error.limit === 'queue') throw error;
      const failure = tooComplex(error);
      this.#remember(key, failure);
      return failure;
    }
  }

  page(html: Uint8Array, path: string, { owner, signal }: For): Promise<Page> {
    return this.#pool.run('page', { html, path }, { owner, signal });
  }

  keptLog(text: string, last: string, { owner, signal }: For): Promise<KeptLog> {
    return this.#pool.run('keptLog', { text, last }, { owner, signal });
  }

  lastLines(text: string, { owner, signal }: For): Promise<string> {
    return this.#pool.run('lastLines', text, { owner, signal });
  }

  stop(): void {
    this.#pool.stop();
  }

  #remember(key: string, failure: Refusal): void {
    const [oldest] = this.#tooComplex.keys();
    if (this.#tooComplex.size >= remembered && oldest !== undefined) this.#tooComplex.delete(oldest);
    this.#tooComplex.set(key, failure);
  }
}

const tooComplex = ({ message }: OverLimit): Refusal => ({
  ok: false,
  reason: 'SourceTooComplex',
  message: `reading the files to find out how they are built took too much: ${message}`,
  remedy:
    'Leave generated and minified files out of the source, or bring a Dockerfile and set spec.build.language: dockerfile.',
});

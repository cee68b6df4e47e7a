// What costs much (unpacking holds a whole tree in memory) each owner may have only a few times at once; their others wait their
// turn, and when too many wait they are told to come back. Per owner, so that one slow sender keeps nobody else waiting.
import { Problem } from '../problems.ts';

interface Line {
  inside: number;
  readonly waiting: (() => void)[];
}

export class Turnstile {
  readonly #atOnce: number;
  readonly #waitingAtMost: number;
  readonly #what: string;
  readonly #lines = new Map<string, Line>();

  /** `what`, in the plural, is told to those who are too many. */
  constructor(what: string, atOnce: number, waitingAtMost: number) {
    this.#what = what;
    this.#atOnce = atOnce;
    this.#waitingAtMost = waitingAtMost;
  }

  /** Runs `work` when it is its turn. Whoever `signal` says is gone leaves the line, and this rejects. */
  async pass<T>(owner: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted === true) throw gone();
    const line = this.#lines.get(owner) ?? { inside: 0, waiting: [] };
    this.#lines.set(owner, line);
    if (line.inside >= this.#atOnce) await this.#turn(line, signal);
    else line.inside += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next in line, or becomes free.
      const next = line.waiting.shift();
      if (next !== undefined) next();
      else line.inside -= 1;
      if (line.inside === 0) this.#lines.delete(owner);
    }
  }

  #turn({ waiting }: Line, signal: AbortSignal | undefined): Promise<void> {
    if (waiting.length >= this.#waitingAtMost)
      throw new Problem('RateLimited', `too many ${this.#what} at once`, {
        retryAfterSeconds: 5,
        hint: 'repeat it in a few seconds',
      });
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(enter), 1);
        reject(gone());
      };
      waiting.push(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}

const gone = () => new Problem('ClientGone', 'the connection ended before it was its turn');

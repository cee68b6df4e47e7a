import type { Log } from '@vibed/store/kube';

/** What came of a question; `at` is RFC 3339. */
export type Answer<A> =
  | { readonly at: string; readonly value: A; readonly error?: undefined }
  | { readonly at: string; readonly error: Error; readonly value?: undefined };

export interface AskerOptions<Q> {
  /** Questions under way at once, of all keys. */
  readonly concurrency: number;
  /** For one question, from when it starts to run. */
  readonly timeoutMs: number | ((question: Q) => number);
  /** A question of this key has an answer: look at answers(key) again. */
  readonly onAnswer: (key: string) => void;
  readonly log: Log;
}

/** A question that has been asked; `answer` is absent while it waits or runs. */
interface Asked<A> {
  readonly key: string;
  readonly timeoutMs: number;
  readonly id: string;
  readonly run: (signal: AbortSignal) => Promise<A>;
  readonly cancel: AbortController;
  answer?: Answer<A>;
}

/**
 * Slow questions, asked beside the workers: a question's id stands for its input, so one id is asked once per key. A failure is an
 * answer too; to ask again, drop it with retain().
 */
export class Asker<Q extends { readonly id: string }, A> {
  readonly #options: AskerOptions<Q>;
  readonly #asked = new Map<string, Map<string, Asked<A>>>();
  readonly #waiting = new Set<Asked<A>>();
  readonly #running = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: AskerOptions<Q>) {
    this.#options = options;
  }

  /** Asks unless this question has an answer or is under way; `run` should stop when its signal aborts. */
  ask(key: string, question: Q, run: (signal: AbortSignal, question: Q) => Promise<A>): void {
    const ofKey = this.#asked.get(key) ?? new Map<string, Asked<A>>();
    if (this.#isStopped || ofKey.has(question.id)) return;
    const cancel = new AbortController();
    const limit = this.#options.timeoutMs;
    const timeoutMs = typeof limit === 'number' ? limit : limit(question);
    const asked: Asked<A> = { key, id: question.id, timeoutMs, cancel, run: async signal => run(signal, question) };
    this.#asked.set(key, ofKey.set(question.id, asked));
    this.#waiting.add(asked);
    this.#startWaiting();
  }

  /** Answers by question id; a question still under way has none. */
  answers(key: string): ReadonlyMap<string, Answer<A>> {
    const answers = new Map<string, Answer<A>>();
    for (const { id, answer } of this.#asked.get(key)?.values() ?? [])
      if (answer !== undefined) answers.set(id, answer);
    return answers;
  }

  /** Drops the answers to, and cancels the runs of, every other question of the key. */
  retain(key: string, ids: readonly string[]): void {
    const ofKey = this.#asked.get(key);
    if (ofKey === undefined) return;
    for (const asked of [...ofKey.values()]) {
      if (ids.includes(asked.id)) continue;
      ofKey.delete(asked.id);
      this.#waiting.delete(asked);
      asked.cancel.abort(new Error('the question is not asked any more'));
    }
    if (ofKey.size === 0) this.#asked.delete(key);
  }

  /** Cancels everything and resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const key of [...this.#asked.keys()]) this.retain(key, []);
    await Promise.all(this.#running);
  }

  #startWaiting(): void {
    for (const asked of this.#waiting) {
      if (this.#running.size >= this.#options.concurrency) return;
      this.#waiting.delete(asked);
      const running = this.#run(asked).finally(() => {
        this.#running.delete(running);
        this.#startWaiting();
      });
      this.#running.add(running);
    }
  }

  /** Never rejects. */
  async #run(asked: Asked<A>): Promise<void> {
    const { timeoutMs } = asked;
    const timer = setTimeout(() => asked.cancel.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const answer = await answerTo(asked);
    clearTimeout(timer);
    // Dropped, or even asked anew, meanwhile.
    if (this.#asked.get(asked.key)?.get(asked.id) !== asked) return;
    asked.answer = answer;
    try {
      this.#options.onAnswer(asked.key);
    } catch (error) {
      this.#options.log.error('nobody could be told of an answer', { key: asked.key, question: asked.id, error });
    }
  }
}

/** Comes with the abort at the latest, also when `run` pays no heed to its signal. */
async function answerTo<A>(asked: Asked<A>): Promise<Answer<A>> {
  const aborted = Promise.withResolvers<never>();
  asked.cancel.signal.addEventListener('abort', () => aborted.reject(asked.cancel.signal.reason), { once: true });
  try {
    const value = await Promise.race([asked.run(asked.cancel.signal), aborted.promise]);
    return { at: new Date().toISOString(), value };
  } catch (caught) {
    const reason: unknown = asked.cancel.signal.aborted ? asked.cancel.signal.reason : caught;
    return { at: new Date().toISOString(), error: reason instanceof Error ? reason : new Error(String(reason)) };
  }
}

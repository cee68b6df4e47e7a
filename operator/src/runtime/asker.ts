import type { Log } from '@vibed/store/kube';

/** What came of a question; `at` is RFC 3339. */
export type Answer<A> =
  | { readonly at: string; readonly value: A; readonly error?: undefined }
  | { readonly at: string; readonly error: Error; readonly value?: undefined };

export interface AskerOptions {
  /** Questions under way at once, of all keys. */
  readonly concurrency: number;
  /** For one question, from when it starts to run. */
  readonly timeoutMs: number;
  /** A question of this key has an answer: look at answers(key) again. */
  readonly onAnswer: (key: string) => void;
  readonly log: Log;
}

/** Slow questions, asked beside the workers: a question's id stands for its input, so one id is asked once per key. */
export class Asker<Q extends { readonly id: string }, A> {
  constructor(_options: AskerOptions) {}
  /** Asks unless this question has an answer or is under way; `run` should stop when its signal aborts. */
  ask(_key: string, _question: Q, _run: (signal: AbortSignal, question: Q) => Promise<A>): void {}
  /** Answers by question id; a question still under way has none. */
  answers(_key: string): ReadonlyMap<string, Answer<A>> {
    return new Map();
  }
  /** Drops the answers to, and cancels the runs of, every other question of the key. */
  retain(_key: string, _ids: readonly string[]): void {}
  /** Cancels everything and resolves when nothing runs any more. */
  async stop(): Promise<void> {}
}

// Lets so many through at once, and of one owner fewer; the others wait in the order in which they came.

interface Waiting {
  readonly owner: string;
  readonly enter: () => void;
}

export class Turnstile {
  readonly #most: number;
  readonly #mostPerOwner: number;
  readonly #inside = new Map<string, number>();
  readonly #waiting: Waiting[] = [];

  constructor(most: number, mostPerOwner: number) {
    this.#most = most;
    this.#mostPerOwner = mostPerOwner;
  }

  /** Resolves when it is this one's turn; disposing makes room. Rejects when the signal aborts first. */
  async enter(owner: string, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { owner, enter: resolve };
    const leave = () => {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      reject(signal.reason);
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiting);
    this.#admit();
    await promise;
    signal.removeEventListener('abort', leave);
    return {
      [Symbol.dispose]: () => {
        this.#inside.set(owner, (this.#inside.get(owner) ?? 1) - 1);
        if (this.#inside.get(owner) === 0) this.#inside.delete(owner);
        this.#admit();
      },
    };
  }

  #admit(): void {
    for (;;) {
      const inside = [...this.#inside.values()].reduce((sum, count) => sum + count, 0);
      const at = this.#waiting.findIndex(w => (this.#inside.get(w.owner) ?? 0) < this.#mostPerOwner);
      if (inside >= this.#most || at < 0) return;
      const [next] = this.#waiting.splice(at, 1);
      if (next === undefined) return;
      this.#inside.set(next.owner, (this.#inside.get(next.owner) ?? 0) + 1);
      next.enter();
    }
  }
}

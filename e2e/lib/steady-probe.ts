// Visitors who never stop asking: they prove that an update costs nobody an answer.
import { setTimeout as pause } from 'node:timers/promises';
import { type Dial, get } from './http.ts';

export interface ProbeReport {
  requests: number;
  /** Everything that was not an answer below 500. */
  failures: string[];
  /** Distinct bodies in the order of their first appearance. */
  bodies: string[];
}

export class SteadyProbe implements AsyncDisposable {
  readonly #report: ProbeReport = { requests: 0, failures: [], bodies: [] };
  readonly #visitors: Promise<void>[];
  #stopped = false;

  /** Starts at once: `visitors` in parallel, each asking again `everyMs` after its last answer. */
  constructor(url: string, path: string, dial: Dial, visitors = 3, everyMs = 30) {
    this.#visitors = Array.from({ length: visitors }, () => this.#visit(url, path, dial, everyMs));
  }

  /** So far. */
  get report(): ProbeReport {
    return this.#report;
  }

  async stop(): Promise<ProbeReport> {
    this.#stopped = true;
    await Promise.all(this.#visitors);
    return this.#report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #visit(url: string, path: string, dial: Dial, everyMs: number): Promise<void> {
    while (!this.#stopped) {
      this.#report.requests += 1;
      const failure = await this.#ask(url, path, dial);
      if (failure !== undefined) this.#report.failures.push(`${new Date().toISOString()} ${failure}`);
      await pause(everyMs);
    }
  }

  async #ask(url: string, path: string, dial: Dial): Promise<string | undefined> {
    try {
      const { status, text } = await get(url, path, dial);
      if (status >= 400) return `HTTP ${status}`;
      if (!this.#report.bodies.includes(text)) this.#report.bodies.push(text);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

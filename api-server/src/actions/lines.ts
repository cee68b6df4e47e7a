// How many operations of a kind one owner may have at once. Each kind holds something that a tenant can make big: files in memory,
// the end of a log, an open connection. Who comes too late waits in line, and who finds the line full is refused.
import { Turnstile } from '../storage/turnstile.ts';

export interface Lines {
  /** Reading, comparing and changing the files of a source. */
  readonly sources: Turnstile;
  /** Archives on their way to a client that may read slowly. */
  readonly downloads: Turnstile;
  readonly logs: Turnstile;
  readonly waits: Turnstile;
  /** Requests to apps. */
  readonly requests: Turnstile;
}

export const makeLines = (): Lines => ({
  sources: new Turnstile('operations on sources', 2, 24),
  downloads: new Turnstile('downloads', 4, 20),
  logs: new Turnstile('reads of logs', 4, 40),
  waits: new Turnstile('waits', 50, 0),
  requests: new Turnstile('requests to apps', 10, 40),
});

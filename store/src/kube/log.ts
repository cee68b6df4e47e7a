/** One line of a structured log; an error goes into `fields.error`, never into the message. */
export type LogLine = (message: string, fields?: Record<string, unknown>) => unknown;

/** What the Kubernetes layer and the runtime need of a logger; a winston logger is one. */
export interface Log {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

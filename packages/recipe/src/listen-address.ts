/** The address that a compiled program listens on, as far as its source says it: shared by the rules of Go and Rust. */

export interface ListenAddress {
  /** The port that the source insists on; undefined when it follows $PORT, or when none was found. */
  readonly port?: number;
  /** The loopback address that the source names, where no request can reach it. */
  readonly loopback?: string;
}

export interface WrittenAddress {
  readonly host: string;
  readonly port: number;
}

/** Ports of databases and queues: where such a port is written, the program is their client. */
const ofOthers = new Set([3306, 4222, 5432, 5672, 6379, 9092, 9200, 11211, 27017]);

/** The first address that is written in one of these ways, the surest first. Each pattern has the groups host and port. */
export function writtenAddress(text: string, ways: readonly RegExp[]): WrittenAddress | undefined {
  for (const pattern of ways) {
    for (const [, host = '', digits] of text.matchAll(pattern)) {
      const port = Number(digits);
      if (port >= 1 && port <= 65535 && !ofOthers.has(port)) return { host, port };
    }
  }
  return undefined;
}

export const isLoopback = (host: string): boolean => ['localhost', '127.0.0.1', '[::1]', '::1'].includes(host);

/** What both languages read a port with, and how both say where to listen. */
export interface Advice {
  readonly read: string;
  readonly listen: string;
}

export function addressWarnings({ port, loopback }: ListenAddress, { read, listen }: Advice): string[] {
  const fixed = `the program listens on ${port} whatever PORT says: read it with ${read}`;
  const hidden = `the program listens on ${loopback}, where no request from outside its container arrives: listen on ${listen} and the port`;
  return [...(port === undefined ? [] : [fixed]), ...(loopback === undefined ? [] : [hidden])];
}

export function portWhy(named: number | undefined, { port }: ListenAddress): string {
  if (named !== undefined) return 'named by the user';
  return port === undefined ? 'PORT is set to 8080 by convention' : 'written in the source';
}

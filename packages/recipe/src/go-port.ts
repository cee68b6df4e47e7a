/** The address that a Go program listens on, as far as its source says it. */

export interface GoAddress {
  /** The port that the source insists on; undefined when it follows $PORT, or when none was found. */
  readonly port?: number;
  /** The loopback address that the source names, where no request can reach it. */
  readonly loopback?: string;
}

/** Ways to write an address or a port, the surest first: a literal that is handed to a listener comes before a flag and a constant. */
const written: readonly RegExp[] = [
  /(?:ListenAndServe(?:TLS)?|\.Run|\.Start|\.Listen|Addr:)[ \t]{0,8}(?:\([ \t]{0,8})?"([^":\n]{0,80}):(\d{2,5})"/g,
  /\bnet\.Listen\([ \t]{0,8}"tcp4?"[ \t]{0,8},[ \t]{0,8}"([^":\n]{0,80}):(\d{2,5})"/g,
  /\bflag\.(?:String|Int|Uint)(?:Var)?\((?:[ \t]{0,8}&\w{1,40}(?:\.\w{1,40})?,)?[ \t]{0,8}"(?:(?:http|listen|server|web|bind)-?)?(?:addr|address|listen|port|http|bind|p)"[ \t]{0,8},[ \t]{0,8}(?:"([^":\n]{0,80}):)?"?(\d{2,5})\b(?!\.)/g,
  /\b(?:(?:http|listen|server|default|bind|web)(?=[PA_]))?_?(?:[pP]ort|PORT|[aA]ddr|ADDR|[aA]ddress)(?:[ \t]{1,8}string|[ \t]{1,8}int)?[ \t]{0,8}:?=[ \t]{0,8}(?:"([^":\n]{0,80}):)?"?(\d{2,5})\b(?!\.)/g,
];

/** Ports of databases and queues: where such a port is written, the program is their client. */
const ofOthers = new Set([3306, 4222, 5432, 5672, 6379, 9092, 9200, 11211, 27017]);

/** Reads the sources of one command; those that come first decide. */
export function goAddress(texts: readonly string[]): GoAddress {
  const text = texts.join('\n');
  const match = firstOf(text);
  const computed = /"(localhost|127\.0\.0\.1):(?:"[ \t]{0,8}\+|%[sdv]")/.exec(text)?.[1];
  const loopback = match !== undefined && isLoopback(match.host) ? match.host : computed;
  const followsEnv = texts.some(each => /"PORT[",]/.test(each));
  return {
    ...(match !== undefined && !followsEnv && { port: match.port }),
    ...(loopback !== undefined && { loopback }),
  };
}

function firstOf(text: string): { readonly host: string; readonly port: number } | undefined {
  for (const pattern of written) {
    for (const [, host = '', digits] of text.matchAll(pattern)) {
      const port = Number(digits);
      if (port >= 1 && port <= 65535 && !ofOthers.has(port)) return { host, port };
    }
  }
  return undefined;
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '127.0.0.1';

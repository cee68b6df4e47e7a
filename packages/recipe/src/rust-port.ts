/** The address that a Rust program listens on, as far as its source says it. */

export interface RustAddress {
  /** The port that the source insists on; undefined when it follows $PORT, or when none was found. */
  readonly port?: number;
  /** The loopback address that the source names, where no request can reach it. */
  readonly loopback?: string;
}

/** Ways to hand an address to a listener: "host:port", ("host", port), ([0, 0, 0, 0], port). */
const written: readonly RegExp[] = [
  /\b(?:bind|listen|http|new|run|try_bind|bind_rustls|parse)(?:::<[\w:]{1,40}>)?\([ \t\r\n]{0,40}&?"([^":\n]{1,60}|\[::1?\]):(\d{2,5})"/g,
  /"([^":\n]{1,60}|\[::1?\]):(\d{2,5})"[ \t\r\n]{0,40}\.parse\b/g,
  /\b(?:bind|listen|run|http|new)\([ \t\r\n]{0,40}\([ \t]{0,8}"([^"\n]{1,60})"[ \t]{0,8},[ \t]{0,8}(\d{2,5})\b/g,
  /\([ \t\r\n]{0,40}(?:IpAddr::from\()?\[(\d{1,3}(?:,[ \t]{0,4}\d{1,3}){3})\]\)?[ \t]{0,8},[ \t]{0,8}(\d{2,5})\b/g,
];

/** Ports of databases and queues: where such a port is written, the program is their client. */
const ofOthers = new Set([3306, 4222, 5432, 5672, 6379, 9092, 9200, 11211, 27017]);

const opened =
  /\b(?:TcpListener::(?:bind|new)|HttpServer::new|axum::(?:serve|Server)|axum_server::|Server::(?:bind|http|new|builder|try_bind)|warp::serve|(?:rocket|Rocket)::(?:build|custom|ignite)|tide::(?:new|with_state)|rouille::start_server)|#\[(?:rocket::)?launch\]|#\[shuttle_runtime::main\]/;

/** Whether one of these sources opens a port. */
export const opensPort = (texts: readonly string[]): boolean => texts.some(text => opened.test(text));

/** Reads the sources of one program; those that come first decide. */
export function rustAddress(texts: readonly string[]): RustAddress {
  const text = texts.map(withoutComments).join('\n');
  const match = firstOf(text);
  const followsEnv = /"PORT"/.test(text);
  const loopback = match !== undefined && isLoopback(match.host) ? match.host : undefined;
  return {
    ...(match !== undefined && !followsEnv && { port: match.port }),
    ...(loopback !== undefined && { loopback }),
  };
}

function firstOf(text: string): { readonly host: string; readonly port: number } | undefined {
  for (const pattern of written) {
    for (const [, host = '', digits] of text.matchAll(pattern)) {
      const port = Number(digits);
      if (port >= 1 && port <= 65535 && !ofOthers.has(port))
        return { host: host.replace(/[ \t]/g, '').replaceAll(',', '.'), port };
    }
  }
  return undefined;
}

const withoutComments = (text: string): string => text.replace(/^[ \t]*\/\/.*$/gm, '');

const isLoopback = (host: string): boolean => ['localhost', '127.0.0.1', '[::1]', '::1'].includes(host);

/** The address that a Rust program listens on, as far as its source says it. */
import { isLoopback, type ListenAddress, writtenAddress } from './listen-address.ts';

/** Ways to hand an address to a listener: "host:port", ("host", port), ([0, 0, 0, 0], port). */
const written: readonly RegExp[] = [
  /\b(?:bind|listen|http|new|run|try_bind|bind_rustls|parse)(?:::<[\w:]{1,40}>)?\([ \t\r\n]{0,40}&?"([^":\n]{1,60}|\[::1?\]):(\d{2,5})"/g,
  /"([^":\n]{1,60}|\[::1?\]):(\d{2,5})"[ \t\r\n]{0,40}\.parse\b/g,
  /\b(?:bind|listen|run|http|new)\([ \t\r\n]{0,40}\([ \t]{0,8}"([^"\n]{1,60})"[ \t]{0,8},[ \t]{0,8}(\d{2,5})\b/g,
  /\([ \t\r\n]{0,40}(?:IpAddr::from\()?\[(\d{1,3}(?:,[ \t]{0,4}\d{1,3}){3})\]\)?[ \t]{0,8},[ \t]{0,8}(\d{2,5})\b/g,
];

const opened =
  /\b(?:TcpListener::(?:bind|new)|HttpServer::new|axum::(?:serve|Server)|axum_server::|Server::(?:bind|http|new|builder|try_bind)|warp::serve|(?:rocket|Rocket)::(?:build|custom|ignite)|tide::(?:new|with_state)|rouille::start_server)|#\[(?:rocket::)?launch\]|#\[shuttle_runtime::main\]/;

/** Whether one of these sources opens a port. */
export const opensPort = (texts: readonly string[]): boolean => texts.some(text => opened.test(text));

/** Reads the sources of one program; those that come first decide. */
export function rustAddress(texts: readonly string[]): ListenAddress {
  const text = texts.map(withoutComments).join('\n');
  const match = writtenAddress(text, written);
  const followsEnv = /"PORT"/.test(text);
  // An address may be written as a list: [127, 0, 0, 1].
  const host = match?.host.replace(/[ \t]/g, '').replaceAll(',', '.') ?? '';
  return {
    ...(match !== undefined && !followsEnv && { port: match.port }),
    ...(isLoopback(host) && { loopback: host }),
  };
}

const withoutComments = (text: string): string => text.replace(/^[ \t]*\/\/.*$/gm, '');

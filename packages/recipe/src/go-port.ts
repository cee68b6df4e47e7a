/** The address that a Go program listens on, as far as its source says it. */
import { isLoopback, type ListenAddress, writtenAddress } from './listen-address.ts';

/** Ways to write an address or a port, the surest first: a literal that is handed to a listener comes before a flag and a constant. */
const written: readonly RegExp[] = [
  /(?:ListenAndServe(?:TLS)?|\.Run|\.Start|\.Listen|Addr:)[ \t]{0,8}(?:\([ \t]{0,8})?"([^":\n]{0,80}):(\d{2,5})"/g,
  /\bnet\.Listen\([ \t]{0,8}"tcp4?"[ \t]{0,8},[ \t]{0,8}"([^":\n]{0,80}):(\d{2,5})"/g,
  /\bflag\.(?:String|Int|Uint)(?:Var)?\((?:[ \t]{0,8}&\w{1,40}(?:\.\w{1,40})?,)?[ \t]{0,8}"(?:(?:http|listen|server|web|bind)-?)?(?:addr|address|listen|port|http|bind|p)"[ \t]{0,8},[ \t]{0,8}(?:"([^":\n]{0,80}):)?"?(\d{2,5})\b(?!\.)/g,
  /\b(?:(?:http|listen|server|default|bind|web)(?=[PA_]))?_?(?:[pP]ort|PORT|[aA]ddr|ADDR|[aA]ddress)(?:[ \t]{1,8}string|[ \t]{1,8}int)?[ \t]{0,8}:?=[ \t]{0,8}(?:"([^":\n]{0,80}):)?"?(\d{2,5})\b(?!\.)/g,
];

/** Reads the sources of one command; those that come first decide. */
export function goAddress(texts: readonly string[]): ListenAddress {
  const text = texts.join('\n');
  const match = writtenAddress(text, written);
  const computed = /"(localhost|127\.0\.0\.1):(?:"[ \t]{0,8}\+|%[sdv]")/.exec(text)?.[1];
  const loopback = match !== undefined && isLoopback(match.host) ? match.host : computed;
  const followsEnv = texts.some(each => /"PORT[",]/.test(each));
  return {
    ...(match !== undefined && !followsEnv && { port: match.port }),
    ...(loopback !== undefined && { loopback }),
  };
}

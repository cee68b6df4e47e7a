/** How git reaches the host of a URL that somebody else wrote: it must not become a way to look around inside.
 *
 * The name is resolved once, here, and git connects to the addresses that were judged. Where a proxy is configured for the URL, the proxy
 * resolves the name and decides what may be reached; only addresses written into the URL are judged here then. A host that may not be
 * reached and one that does not exist have the same answer. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { publicAddresses, rangesOf } from '../network/addresses.ts';
import { SourceError } from './fault.ts';

/** What the settings say about hosts that are not public. */
export interface GitHostRules {
  /** Address ranges, and host names in which `*` stands for one label. */
  readonly allow: readonly string[];
  /** Address ranges that are not public here, besides those that never are. */
  readonly internal: readonly string[];
}

export type GitRoute =
  | { readonly kind: 'proxy'; readonly url: string }
  /** No addresses where the URL has one already. */
  | { readonly kind: 'direct'; readonly addresses: readonly string[] };

type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** Throws SourceError when the host may not be reached. */
export async function gitRoute(url: URL, rules: GitHostRules, env: ProxyEnvironment): Promise<GitRoute> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isLiteral = isIP(host) !== 0;
  if (isLiteral && !isAllowed(host, rules)) throw notPublic();
  const proxy = proxyFor(url, host, env);
  if (proxy !== undefined) return { kind: 'proxy', url: proxy };
  if (isLiteral) return { kind: 'direct', addresses: [] };
  const addresses = await resolved(host);
  const isNamed = rules.allow.some(pattern => matchesName(host, pattern));
  if (!isNamed && !addresses.every(address => isAllowed(address, rules))) throw notPublic();
  return { kind: 'direct', addresses };
}

const notPublic = (): SourceError =>
  new SourceError(
    'GitUrlRefused',
    'the host of the git URL has no public address',
    'correct source.git.url, or deploy again if the name is right; a git server inside is named in sources.gitAllowPrivate of the settings',
  );

/** A name server that does not know the name and one that does not answer are not told apart either: inside, both mean "not there". */
async function resolved(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true }).catch(() => []);
  if (found.length === 0) throw notPublic();
  return found.map(({ address }) => address);
}

function isAllowed(address: string, { allow, internal }: GitHostRules): boolean {
  return publicAddresses(internal)(address) || rangesOf(allow.filter(isRange)).has(address);
}

const isRange = (rule: string): boolean => rule.includes('/');

function matchesName(host: string, pattern: string): boolean {
  const [labels, wanted] = [host.replace(/\.$/, '').split('.'), pattern.split('.')];
  return labels.length === wanted.length && wanted.every((label, i) => label === '*' || label === labels[i]);
}

function proxyFor({ protocol, port }: URL, host: string, env: ProxyEnvironment): string | undefined {
  const name = protocol === 'https:' ? 'https_proxy' : protocol === 'http:' ? 'http_proxy' : undefined;
  const proxy = name && (env[name] || env[name.toUpperCase()]);
  if (!proxy) return undefined;
  const exceptions = (env.no_proxy || env.NO_PROXY || '').split(/[\s,]+/).filter(Boolean);
  return exceptions.some(exception => isException(exception, host, port)) ? undefined : proxy;
}

/** As curl reads NO_PROXY: a host and everything below it, `*`, an address or a range, each perhaps with a port. */
function isException(exception: string, host: string, port: string): boolean {
  if (exception === '*') return true;
  if (isRange(exception)) return isIP(host) !== 0 && rangesOf([exception]).has(host);
  const [, name = '', only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(exception.toLowerCase()) ?? [];
  return (only === undefined || only === port) && (host === name || host.endsWith(`.${name}`));
}

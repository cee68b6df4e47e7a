/** Where a git server has moved a repository to: git itself follows no redirect, because it would follow it anywhere. */
import http, { type IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { SourceError } from './fault.ts';
import type { GitRoute } from './git-host.ts';

const advertisement = '/info/refs?service=git-upload-pack';

/** The URL of the repository that the server redirects to. Throws SourceError where that is on another server. */
export async function movedTo(url: URL, route: GitRoute, signal: AbortSignal): Promise<URL> {
  const asked = new URL(`${url.href.replace(/\/$/, '')}${advertisement}`);
  const answer = await head(asked, route, signal);
  const location = answer.headers.location;
  const target = location !== undefined && URL.canParse(location, asked.href) ? new URL(location, asked) : undefined;
  if (target?.origin !== url.origin || !target.href.endsWith(advertisement))
    throw new SourceError(
      'GitUrlRefused',
      'the git server redirects to another address, which is not followed',
      'write the address of the repository itself into source.git.url',
    );
  return new URL(target.href.slice(0, -advertisement.length));
}

/** The answer without its body, by the same way as git takes. */
async function head(url: URL, route: GitRoute, signal: AbortSignal): Promise<IncomingMessage> {
  const client = url.protocol === 'https:' ? https : http;
  const proxyEnv = route.kind === 'proxy' ? { http_proxy: route.url, https_proxy: route.url } : {};
  const [address] = route.kind === 'direct' ? route.addresses : [];
  const options: RequestOptions = { agent: new client.Agent({ proxyEnv }), signal };
  if (address !== undefined)
    options.lookup = (_host, { all }, found) =>
      found(null, all ? [{ address, family: isIP(address) }] : address, isIP(address));
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  client.get(url, options).on('response', resolve).on('error', reject);
  const answer = await promise;
  answer.destroy();
  return answer;
}

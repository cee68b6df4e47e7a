// A page of somebody else must not talk to a vibeD on loopback or in the intranet through its reader's browser: the Host must
// be one of ours (DNS rebinding), and an Origin, when there is one, too.
import { Problem } from '../problems.ts';

export interface OriginRules {
  /** Host names without port, lowercase. */
  readonly hosts: ReadonlySet<string>;
}

export function originRules(publicUrl: string, more: readonly string[]): OriginRules {
  const own = ['localhost', '127.0.0.1', '[::1]', new URL(publicUrl).hostname, ...more];
  return { hosts: new Set(own.map(host => host.toLowerCase())) };
}

/** Throws OriginRefused for a Host or Origin that is not ours. */
export function checkOrigin(rules: OriginRules, host: string | undefined, origin: string | undefined): void {
  if (!rules.hosts.has(hostnameOf(`http://${host ?? ''}`)))
    throw refused('Host', 'have the name added to VIBED_ALLOWED_HOSTS, or use the public URL');
  if (origin !== undefined && !rules.hosts.has(hostnameOf(origin)))
    throw refused('Origin', 'call from a page of the public URL, or from a program');
}

const refused = (header: string, hint: string) =>
  new Problem('OriginRefused', `the ${header} of this request is not served here`, { hint });

function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.toLowerCase() : '';
}

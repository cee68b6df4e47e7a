// The host that a build tried to reach and may not: the egress proxy refuses it, or its name is not known in build pods.
import type { Cause } from '../analysis/causes.ts';

/** A proxy's refusal, or a name that is not resolved, in the words of curl, git, npm, pip, Go, Cargo, Deno, wget and apt. */
const refusals =
  /CONNECT tunnel failed, response 40[37]|Received HTTP code 40[37] from proxy after CONNECT|tunneling socket could not be established|Tunnel connection failed: 40[37]|Proxy tunneling failed|\bunsuccessful tunnel\b|JSR package manifest for '[^'\n]{1,200}' failed to load|Proxy response \(40[37]\)|Request was cancelled\.[^\n]{0,40}tunnel|\bENOTFOUND\b|\bEAI_AGAIN\b|Could(?: not|n't) resolve (?:host|proxy|')|unable to resolve host address|bad address '|\bno such host\b|Name or service not known|Temporary failure in name resolution|Failed to fetch `[^`\n]{1,80}` from Google Fonts|: Forbidden$/;
const inUrl = /https?:\/\/(?:[^\s/@'"]{1,100}@)?([a-z\d][a-z\d.-]{1,252})/i;
const named =
  /(?:ENOTFOUND |EAI_AGAIN |lookup |resolve host: |resolve '|host address ['‘]|bad address '|host=')([a-z\d][a-z\d-]{0,62}(?:\.[a-z\d-]{1,63}){0,8})/i;
/** npm goes on after warnings. */
const passing = /^npm (?:warn|WARN|notice) /;
/** Lines before a refusal in which its URL is looked for: curl's refusal does not name the host. */
const linesBefore = 10;

export function refusedHost(log: string): Cause | undefined {
  const lines = log.split('\n');
  const isMeant = (line: string) => refusals.test(line) && !passing.test(line) && isRefusal(line);
  const first = lines.findIndex(isMeant);
  if (first < 0) return undefined;
  const saying = lines.filter(isMeant).map(hostIn);
  const before = lines.slice(Math.max(0, first - linesBefore), first).map(line => inUrl.exec(line)?.[1]);
  const host = saying.find(isKnown) ?? before.findLast(isKnown);
  return {
    reason: 'HostRefused',
    message: `the build tried to reach ${host ?? 'a host'}, which builds in this cluster may not reach`,
    remedy:
      'Do without the download (put the file into the source, or use a package from a registry), or ask a cluster admin to allow the host for builds (builds.egress or the proxy in builds.network).',
  };
}

/** Go reports any 403 of an address as "Forbidden": only its proxy's has a URL before it. */
const isRefusal = (line: string) => !line.endsWith(': Forbidden') || /(?:Get|Head) "https:/.test(line);

function hostIn(line: string): string | undefined {
  if (line.includes('Google Fonts')) return 'fonts.googleapis.com';
  return named.exec(line)?.[1] ?? inUrl.exec(line)?.[1];
}

const isKnown = (host: string | undefined) => host !== undefined;

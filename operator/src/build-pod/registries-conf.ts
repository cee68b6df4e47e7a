/** Where the sidecar answers; loopback of the pod only. */
export const registryProxyAddress = '127.0.0.1:5000';

/** The text of registries.conf for the build container: every configured base host is read through the sidecar, whose plain HTTP never leaves
 * the pod. Hosts that are not listed are reached directly, or not at all where the network says so. */
export function registriesConf(baseHosts: readonly string[]): string {
  const mirrors = [...new Set(baseHosts)]
    .sort()
    .map(host => entry(`${registryProxyAddress}/mirror/${checked(host)}`, host));
  return [
    'unqualified-search-registries = ["docker.io"]',
    'short-name-mode = "disabled"',
    entry(registryProxyAddress),
    ...mirrors,
  ].join('\n');
}

function entry(location: string, prefix?: string): string {
  const lines = prefix === undefined ? [] : [`prefix = "${prefix}"`];
  return ['', '[[registry]]', ...lines, `location = "${location}"`, 'insecure = true', ''].join('\n');
}

function checked(host: string): string {
  if (!/^[a-z0-9.-]+(?::\d+)?$/.test(host)) throw new Error(`not a registry host: ${JSON.stringify(host)}`);
  return host;
}

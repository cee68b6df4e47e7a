// The only reader of the environment: parsed once, dies at the start with a hint. What a site decides is in the settings
// document; this is what the process is told about itself.
import { z } from 'zod';

const endpoint = z.string().regex(/^[^\s:]+:[0-9]{1,5}$/, 'write host:port');

const schema = z.object({
  VIBED_SETTINGS: z.string().default('/etc/vibed/settings.yaml'),
  VIBED_DATA: z.string().default('/var/lib/vibed'),
  VIBED_LISTEN: endpoint.default('127.0.0.1:8090'),
  VIBED_SOURCE_LISTEN: endpoint.default('127.0.0.1:8092'),
  VIBED_HEALTH_LISTEN: endpoint.default('127.0.0.1:8091'),
  VIBED_METRICS_LISTEN: endpoint.default('127.0.0.1:8093'),
  VIBED_KEYS: z.string().optional(),
  VIBED_ALLOWED_HOSTS: z.string().default(''),
  VIBED_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  KUBECONFIG: z.string().optional(),
});

export interface Endpoint {
  host: string;
  port: number;
}

export interface Config {
  settingsPath: string;
  /** Folder of the stored sources. */
  dataDir: string;
  listen: Endpoint;
  /** Where build pods fetch sources; never behind the ingress. */
  sourceListen: Endpoint;
  /** Where the kubelet reads /healthz and /readyz. */
  healthListen: Endpoint;
  /** Where metrics are read; a port of its own, because builds may reach that of the sources. */
  metricsListen: Endpoint;
  /** Folder of API keys, one file each; undefined: nobody has to say who they are. */
  keysDir: string | undefined;
  /** Host names besides those of the public URL and loopback. */
  allowedHosts: string[];
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  kubeconfig: string | undefined;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** Throws one Error that names every wrong variable; also when a reachable address would serve people without keys. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const parsed = schema.safeParse(env);
  if (!parsed.success) throw new Error(parsed.error.issues.map(i => `${i.path.join('.')}: ${i.message}`).join('\n'));
  const e = parsed.data;
  const config: Config = {
    settingsPath: e.VIBED_SETTINGS,
    dataDir: e.VIBED_DATA,
    listen: endpointOf(e.VIBED_LISTEN),
    sourceListen: endpointOf(e.VIBED_SOURCE_LISTEN),
    healthListen: endpointOf(e.VIBED_HEALTH_LISTEN),
    metricsListen: endpointOf(e.VIBED_METRICS_LISTEN),
    keysDir: e.VIBED_KEYS,
    allowedHosts: e.VIBED_ALLOWED_HOSTS.split(',')
      .map(host => host.trim())
      .filter(host => host !== ''),
    logLevel: e.VIBED_LOG_LEVEL,
    kubeconfig: e.KUBECONFIG,
  };
  if (config.keysDir === undefined && !loopback.has(config.listen.host))
    throw new Error(
      `VIBED_KEYS: ${e.VIBED_LISTEN} can be reached by others, so name the folder of API keys, or listen on 127.0.0.1`,
    );
  return config;
}

function endpointOf(text: string): Endpoint {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

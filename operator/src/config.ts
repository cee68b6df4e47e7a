// The only reader of the environment: parsed once, dies at the start with a hint. What a site decides is in settings.ts;
// this is what the pod is told about itself.
import { tmpdir } from 'node:os';
import { z } from 'zod';

const schema = z.object({
  VIBED_SETTINGS: z.string().default('/etc/vibed/settings.yaml'),
  VIBED_CA_BUNDLE: z.string().default('/etc/vibed/ca.crt'),
  VIBED_STEPS_IMAGE: z
    .string({ error: 'VIBED_STEPS_IMAGE: set it to the image this process runs from (install.yaml does)' })
    .min(1),
  VIBED_SCRATCH: z.string().default(tmpdir()),
  VIBED_REGISTRY_CREDENTIAL: z.string().default('/etc/vibed-registry/.dockerconfigjson'),
  VIBED_SOURCE_TOKEN: z.string().default('/var/run/vibed-source/token'),
  VIBED_POD: z.string().default('vibed-operator'),
  VIBED_WORKERS: z.coerce.number().int().min(1).max(64).default(8),
  VIBED_PORT: z.coerce.number().int().default(8081),
  VIBED_HEALTH_PORT: z.coerce.number().int().default(8082),
  VIBED_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  KUBECONFIG: z.string().optional(),
});

export interface Config {
  settingsPath: string;
  caBundlePath: string;
  stepsImage: string;
  /** A folder for files that live as long as one build. */
  scratchPath: string;
  registryCredentialPath: string;
  sourceTokenPath: string;
  pod: string;
  workers: number;
  /** Of /metrics. */
  port: number;
  /** Of /healthz and /readyz. */
  healthPort: number;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  kubeconfig: string | undefined;
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const parsed = schema.safeParse(env);
  if (!parsed.success) throw new Error(parsed.error.issues.map(i => `${i.path.join('.')}: ${i.message}`).join('\n'));
  const e = parsed.data;
  return {
    settingsPath: e.VIBED_SETTINGS,
    caBundlePath: e.VIBED_CA_BUNDLE,
    stepsImage: e.VIBED_STEPS_IMAGE,
    scratchPath: e.VIBED_SCRATCH,
    registryCredentialPath: e.VIBED_REGISTRY_CREDENTIAL,
    sourceTokenPath: e.VIBED_SOURCE_TOKEN,
    pod: e.VIBED_POD,
    workers: e.VIBED_WORKERS,
    port: e.VIBED_PORT,
    healthPort: e.VIBED_HEALTH_PORT,
    logLevel: e.VIBED_LOG_LEVEL,
    kubeconfig: e.KUBECONFIG,
  };
}

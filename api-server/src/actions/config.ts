// How an artifact runs, as a call says it, turned into spec. Values of variables go into an immutable Secret whose name is made
// of its content; the spec holds references, and nothing here can read a value back.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import {
  type Artifact,
  type ArtifactSpec,
  apiVersion,
  type BuildSpec,
  labels,
  languages,
  limits,
  type RunSpec,
  specSchema,
  targets,
} from '@vibed/crds';
import { valueNames } from '@vibed/operator/build-values';
import { excessOf } from '@vibed/operator/limits';
import { canPublish, isPublished, publishedWarning } from '@vibed/recipe';
import { isKubeError, type KubeObject, kinds, onceCounted } from '@vibed/store/kube';
import { z } from 'zod';
import { Problem } from '../problems.ts';
import type { Context, Right } from './action.ts';
import { countedWithinMs } from './write.ts';

const envName = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const envSchema = z
  .record(z.string().max(128), z.string().max(32_768))
  .describe('Environment variables. Kept as a Secret; never readable again.');

/** The fields of a call that say how the app runs. */
export const configShape = {
  language: z.enum(languages).optional(),
  build_path: z.string().max(255).optional(),
  build_env: z
    .record(z.string().max(128), z.string().max(limits.buildValueLength))
    .optional()
    .describe('Public values for the build, never secrets.'),
  target: z.enum(targets).optional(),
  port: z.int().min(1).max(65535).optional(),
  health_path: z.string().max(1024).optional(),
  min: z.int().min(0).max(50).optional().describe('Instances.'),
  max: z.int().min(1).max(50).optional(),
};
export interface ConfigInput {
  language?: (typeof languages)[number] | undefined;
  build_path?: string | undefined;
  build_env?: Readonly<Record<string, string>> | undefined;
  unset_env?: readonly string[] | undefined;
  target?: (typeof targets)[number] | undefined;
  port?: number | undefined;
  health_path?: string | undefined;
  min?: number | undefined;
  max?: number | undefined;
}

export const secretRights: readonly Right[] = [
  {
    apiGroups: [''],
    resources: ['secrets'],
    verbs: ['create', 'delete'],
    why: 'values of environment variables; never read',
  },
];

type EnvVar = NonNullable<RunSpec['env']>[number];

/** Values given in one call: what the spec refers to, and the Secret that holds them. */
export interface GivenEnv {
  readonly entries: readonly EnvVar[];
  readonly secret: string | undefined;
  readonly values: Readonly<Record<string, string>>;
}

interface EnvInput {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly secrets?: Readonly<Record<string, string>> | undefined;
}

/** `secrets` maps a variable to `<name of a Secret of this namespace>/<key>`. */
export function givenEnv(name: string, { env: values = {}, secrets = {} }: EnvInput, { services }: Context): GivenEnv {
  if (services.tenancy.isShared && Object.keys(secrets).length > 0)
    throw new Problem('InvalidInput', 'secrets: owners share a namespace here, and its Secrets are nobody’s own', {
      field: 'secrets',
      hint: 'give the values in env; they are kept as a Secret',
    });
  for (const key of [...Object.keys(values), ...Object.keys(secrets)]) checkEnvName(key);
  const names = Object.keys(values).sort();
  const secret = names.length === 0 ? undefined : envSecretName(name, values);
  return {
    secret,
    values,
    entries: [
      ...names.map(key => ({ name: key, secretRef: { name: secret ?? '', key } })),
      ...Object.entries(secrets).map(([key, ref]) => ({ name: key, secretRef: secretRefOf(key, ref) })),
    ],
  };
}

function envSecretName(name: string, values: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256')
    .update(JSON.stringify([name, sorted]))
    .digest('hex')
    .slice(0, 10);
  return `${name}-env-${hash}`;
}

/** What would change how every program of the image starts, and never an app's own setting. */
const steering =
  /^(LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|NODE_OPTIONS|PATH|BASH_ENV|ENV|PYTHONSTARTUP|PERL5OPT|RUBYOPT|JAVA_TOOL_OPTIONS)$/;

function checkEnvName(name: string): void {
  const refuse = (why: string, hint: string) => {
    throw new Problem('InvalidInput', `env: ${JSON.stringify(name.slice(0, 60))} ${why}`, { field: 'env', hint });
  };
  if (!envName.test(name))
    refuse('is not a name of a variable', 'use letters, digits and "_", not beginning with a digit');
  if (steering.test(name)) refuse('steers the loader or the interpreter', 'set it in a Dockerfile of your own');
  if (['PORT', 'HOST', 'HOSTNAME', 'HOME'].includes(name))
    refuse('is set by vibeD', 'use the field port, or another name');
}

function secretRefOf(variable: string, ref: string): { name: string; key: string } {
  const [name = '', key = '', ...more] = ref.split('/');
  if (name === '' || key === '' || more.length > 0)
    throw new Problem('InvalidInput', `secrets: ${variable} does not name a Secret and a key`, {
      field: 'secrets',
      hint: 'write <secret>/<key>',
    });
  return { name, key };
}

/** Throws when all variables of the artifact, in its spec and in Secrets that were made for it, are too large together. */
export async function checkEnvSize(
  { run }: Pick<ArtifactSpec, 'run'>,
  { secret, values }: GivenEnv,
  { services, namespace }: Context,
): Promise<void> {
  const most = services.settings.tenants.envBytesMax;
  let bytes = 0;
  for (const { name, value = '', secretRef } of run?.env ?? []) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
    if (secretRef === undefined) continue;
    if (secretRef.name === secret) bytes += Buffer.byteLength(values[secretRef.key] ?? '');
    else bytes += (await services.envSecrets.sizesOf({ namespace, name: secretRef.name }))?.[secretRef.key] ?? 0;
  }
  if (bytes <= most) return;
  throw new Problem('TooLarge', `env: all variables together have ${bytes} bytes, and ${most} are the most`, {
    field: 'env',
    hint: 'put large texts into files of the source; an administrator of vibeD can raise tenants.envBytesMax',
  });
}

/** Throws when the spec asks for more than the settings allow; the operator would refuse it. */
export function checkLimits(spec: ArtifactSpec, { services }: Context): void {
  const [excess] = excessOf(spec, services.settings);
  if (excess === undefined) return;
  const field = fieldOf(excess.field.split('.').slice(1));
  throw new Problem('InvalidInput', `${field}: ${excess.asked} is more than ${excess.most}`, {
    field,
    hint: `ask for at most ${excess.most}; an administrator of vibeD can raise ${excess.setting}`,
  });
}

/** Creates the Secret of given values, owned by the artifact. Idempotent: the name says what is in it. */
export async function keepEnv(
  { metadata }: Artifact,
  { secret, values }: GivenEnv,
  { services }: Context,
): Promise<void> {
  if (secret === undefined) return;
  const { name, namespace = '', uid = '' } = metadata;
  await services.envSecrets.note({ namespace, name: secret }, values);
  const object: KubeObject & Record<string, unknown> = {
    metadata: {
      name: secret,
      namespace,
      labels: { [labels.managedBy]: 'vibed', [labels.instance]: name, [labels.artifactUid]: uid },
      ownerReferences: [{ apiVersion, kind: 'Artifact', name, uid }],
    },
    immutable: true,
    stringData: values,
  };
  try {
    // The namespace may be seconds old.
    await onceCounted(() => services.client.create(kinds.secret, object), countedWithinMs);
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error;
  }
}

/** The spec with these settings written over it; absent fields stay as they are. */
export function configured(spec: ArtifactSpec, input: ConfigInput, env: readonly EnvVar[] | undefined): ArtifactSpec {
  const { port, health_path: path, min, max, target } = input;
  const build = builtAs(spec.build, input);
  const scale = { ...spec.run?.scale, ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  const run: RunSpec = {
    ...spec.run,
    ...(port !== undefined && { port }),
    ...(path !== undefined && { health: { ...spec.run?.health, path } }),
    ...(Object.keys(scale).length > 0 && { scale }),
    ...(env !== undefined && { env: [...env] }),
  };
  if (run.env?.length === 0) delete run.env;
  const { run: _, build: __, ...rest } = spec;
  return checked({
    ...rest,
    ...(build !== undefined && { build }),
    ...(target !== undefined && { target }),
    ...(Object.keys(run).length > 0 && { run }),
  });
}

/** Values of the build are added to those that are there; `unset_env` takes a name away here as well. */
function builtAs(
  present: BuildSpec | undefined,
  { language, build_path: path, build_env: values = {}, unset_env: unset = [] }: ConfigInput,
): BuildSpec | undefined {
  const build: BuildSpec = {
    ...present,
    ...(language !== undefined && { language }),
    ...(path !== undefined && { path }),
    env: withValues(
      (present?.env ?? []).filter(({ name }) => !unset.includes(name)),
      values,
    ),
  };
  if (build.env?.length === 0) delete build.env;
  return present === undefined && Object.keys(build).length === 0 ? undefined : build;
}

type BuildVar = NonNullable<BuildSpec['env']>[number];

function withValues(present: readonly BuildVar[], values: Readonly<Record<string, string>>): BuildVar[] {
  const kept = present.filter(({ name }) => !Object.hasOwn(values, name));
  return [...kept, ...Object.entries(values).map(([name, value]) => ({ name, value }))];
}

/** Names of the values that the build is given, those of `env` in this call that will be published among them. */
export function buildNames({ build, run }: ArtifactSpec, { values }: GivenEnv): string[] {
  const { env } = valueNames({ build, run });
  return [...new Set([...env, ...Object.keys(values).filter(isPublished)])];
}

export interface Publishing {
  readonly spec: ArtifactSpec;
  readonly warnings: readonly string[];
}

/**
 * The spec with values of `env` that a framework publishes among those of the build, each with a warning. Here alone they are known:
 * the spec refers to a Secret, which no build reads. Where the app is known to be of a language without such a framework, the name
 * means nothing and the value stays a secret.
 */
export function publishing(
  spec: ArtifactSpec,
  { values }: GivenEnv,
  { build_env: explicit = {} }: ConfigInput,
  language: string | undefined,
): Publishing {
  const isPage = language === undefined || canPublish(language);
  const names = Object.keys(values).filter(name => isPublished(name) && !Object.hasOwn(explicit, name));
  if (spec.source.image !== undefined || !isPage || names.length === 0) return { spec, warnings: [] };
  for (const name of names) checkValueLength(name, values[name] ?? '');
  const published = Object.fromEntries(names.map(name => [name, values[name] ?? '']));
  const build = { ...spec.build, env: withValues(spec.build?.env ?? [], published) };
  return { spec: checked({ ...spec, build }), warnings: names.map(publishedWarning) };
}

function checkValueLength(name: string, value: string): void {
  if (value.length <= limits.buildValueLength) return;
  throw new Problem('InvalidInput', `env: ${name} is built into the page, and has ${value.length} characters`, {
    field: 'env',
    hint: `give at most ${limits.buildValueLength} characters, put the text into a file of the source, or use another name`,
  });
}

/** The same judgement as the apiserver's, in words about the fields of the call. */
export function checked(spec: ArtifactSpec): ArtifactSpec {
  const parsed = specSchema.safeParse(spec);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  const field = fieldOf(first?.path.map(String) ?? []);
  throw new Problem('InvalidInput', `${field}: ${first?.message ?? 'not usable'}`, { field, hint: `change ${field}` });
}

/** The field of a call behind a path in spec. */
function fieldOf(path: readonly string[]): string {
  const joined = path.join('.');
  const known: Record<string, string> = {
    'source.git.url': 'git_url',
    'source.git.ref': 'git_ref',
    'source.git.path': 'git_path',
    'source.image.ref': 'image',
    'build.path': 'build_path',
    'run.port': 'port',
    'run.health.path': 'health_path',
    'run.scale': 'min',
    'run.scale.min': 'min',
    'run.scale.max': 'max',
  };
  if (joined.startsWith('build.env')) return 'build_env';
  return known[joined] ?? (joined.startsWith('run.env') ? 'env' : joined);
}

/** Names only: what a value is, nobody is told. */
export function envNamesOf(run: Pick<RunSpec, 'env'> | undefined): string[] {
  return (run?.env ?? []).map(({ name }) => name);
}

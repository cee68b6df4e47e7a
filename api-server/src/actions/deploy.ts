// deploy_artifact: files → stored → Artifact. It answers at once; nothing here waits for a build.
import type { Artifact, ArtifactSpec } from '@vibed/crds';
import { dockerfileOf, type Recipe, summaryOf } from '@vibed/recipe';
import { compactArtifact } from '@vibed/store';
import { isKubeError, type KubeObject, kinds } from '@vibed/store/kube';
import { z } from 'zod';
import { Problem, problemOf } from '../problems.ts';
import { shown } from '../storage/tree.ts';
import { type Context, defineAction } from './action.ts';
import { answerFor, answerShape } from './answer.ts';
import {
  buildNames,
  type ConfigInput,
  checkEnvSize,
  checkLimits,
  configShape,
  configured,
  envSchema,
  givenEnv,
  keepEnv,
  publishing,
  secretRights,
} from './config.ts';
import { newNameSchema, ownArtifacts } from './find.ts';
import { recipeOf, type Source, type SourceInput, sourceOf, sourceShape } from './sources.ts';
import { canonical, createArtifact, idempotencyKey, requestedBy, writeRights } from './write.ts';

const input = z.strictObject({
  name: newNameSchema,
  ...sourceShape,
  ...configShape,
  env: envSchema.optional(),
  secrets: z.record(z.string(), z.string().max(600)).optional().describe('Variable → existing "secret/key".'),
  idempotency_key: z.string().min(1).max(200).optional(),
  dry_run: z.boolean().optional().describe('Tell the plan, write nothing.'),
});
type DeployInput = z.output<typeof input>;

const output = z.object({
  ...answerShape,
  changed: z.boolean(),
  source_ref: z.string().optional(),
  summary: z.string().optional(),
  plan: z.looseObject({}).optional(),
});

export const deployArtifact = defineAction({
  name: 'deploy_artifact',
  title: 'Deploy an app',
  description:
    'Create an app from files (or source_ref, git_url, image) and get its URL. Answers at once; then call wait_for_artifact. Repeating the same call changes nothing.',
  scope: 'write',
  line: 'sources',
  hints: { idempotent: true },
  input,
  output,
  rights: [
    ...writeRights,
    ...secretRights,
    {
      apiGroups: ['vibed.dev'],
      resources: ['artifacts'],
      verbs: ['delete'],
      why: 'take back what a quota refuses in part',
    },
    { apiGroups: [''], resources: ['resourcequotas'], verbs: ['get'], why: 'tell what room is left' },
  ],
  run: deploy,
});

async function deploy(asked: DeployInput, context: Context) {
  const given = { ...asked, name: context.services.tenancy.newNameFor(context.caller.user, asked.name) };
  const source = await sourceOf(given as SourceInput, context);
  try {
    return await deploySource(given, source, context);
  } catch (error) {
    throw problemOf(error).withSource(source.ref);
  }
}

async function deploySource(given: DeployInput, source: Source, context: Context): Promise<z.input<typeof output>> {
  const env = givenEnv(given.name, given, context);
  const asked = configured(
    { source: source.spec },
    given as ConfigInput,
    env.entries.length === 0 ? undefined : env.entries,
  );
  checkLimits(asked, context);
  await checkEnvSize(asked, env, context);
  const values = buildNames(asked, env);
  const recipe = await recipeOf(source, { ...given, env: values }, context);
  const { spec, warnings: published } = publishing(asked, env, given, recipe?.language);
  const warnings = [...source.warnings, ...(recipe?.warnings ?? []), ...published];
  if (given.dry_run === true) return await dryRun(given, { ...source, warnings }, { recipe, values }, context);
  if (source.ref !== undefined)
    await context.services.storage.refer({ namespace: context.owner, name: given.name }, source.ref);
  const { artifact, changed } = await createOnce(given, spec, context);
  try {
    await keepEnv(artifact, env, context);
  } catch (error) {
    // Nothing is left of a call that is refused.
    if (changed && isKubeError(error, 'Forbidden'))
      await context.services.store.delete(refOf(artifact), { uid: artifact.metadata.uid ?? '' });
    throw error;
  }
  const answer = answerFor(compactArtifact(artifact), context);
  return {
    ...answer,
    changed,
    ...(source.ref && { source_ref: source.ref }),
    ...(recipe !== undefined && { summary: summaryOf(recipe) }),
    warnings: [...new Set([...warnings, ...answer.warnings])],
  };
}

const refOf = ({ metadata: { namespace = '', name } }: Artifact) => ({ namespace, name });

/** A repetition, after whatever became of the first call, finds the artifact of the first. */
async function createOnce(
  given: DeployInput,
  spec: ArtifactSpec,
  context: Context,
): Promise<{ artifact: Artifact; changed: boolean }> {
  const { name, idempotency_key: key } = given;
  const earlier =
    key === undefined
      ? undefined
      : ownArtifacts(context).find(({ metadata }) => metadata.annotations?.[idempotencyKey] === key);
  const existing = earlier?.metadata.name ?? name;
  if (earlier === undefined) {
    try {
      return { artifact: await createArtifact({ name, spec, idempotencyKey: key }, context), changed: true };
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists')) throw error;
    }
  }
  const artifact = await context.services.store.get({ namespace: context.namespace, name: existing });
  if (artifact.metadata.deletionTimestamp !== undefined)
    throw new Problem('Conflict', `${existing} is being deleted`, {
      retryAfterSeconds: 3,
      hint: 'repeat the call in a few seconds',
    });
  const isSame = canonical(artifact.spec) === canonical(spec);
  if (isSame || (key !== undefined && artifact.metadata.annotations?.[idempotencyKey] === key))
    return { artifact, changed: false };
  throw taken(artifact, spec, context);
}

function taken(artifact: Artifact, wanted: ArtifactSpec, context: Context): Problem {
  const { name, annotations = {} } = artifact.metadata;
  const by = annotations[requestedBy];
  const { version } = answerFor(compactArtifact(artifact), context);
  const ref = wanted.source.snapshot?.digest;
  const update = { name, base_version: version, ...(ref !== undefined && { source_ref: ref }) };
  return new Problem(
    'NameTaken',
    `${name} exists: version ${version}, last written by ${by === undefined ? 'somebody with kubectl' : shown(by)}`,
    {
      field: 'name',
      hint: 'update it, or choose another name',
      next: [{ tool: 'update_artifact', args: update, why: 'makes your files the next version of it' }],
    },
  );
}

interface Planned {
  readonly recipe: Recipe | undefined;
  /** Names of the values for the build. */
  readonly values: readonly string[];
}

async function dryRun(
  given: DeployInput,
  source: Source,
  { recipe, values }: Planned,
  context: Context,
): Promise<z.input<typeof output>> {
  const { dry_run: _, ...call } = given;
  const ready = { ...call, files: undefined, ...(source.ref !== undefined && { source_ref: source.ref }) };
  return {
    name: given.name,
    version: 1,
    phase: 'pending',
    changed: false,
    warnings: [...source.warnings],
    ...(source.ref !== undefined && { source_ref: source.ref }),
    plan: {
      target: given.target ?? 'auto',
      quota: await quotaOf(context),
      ...(recipe !== undefined && {
        summary: summaryOf(recipe),
        language: recipe.language,
        framework: recipe.framework,
        why: recipe.why,
        port: given.port ?? recipe.port,
        port_why: recipe.portWhy,
        dockerfile:
          'stages' in recipe.how ? dockerfileOf(recipe.how.stages, values) : `your own ${recipe.how.dockerfile}`,
      }),
    },
    next: [
      {
        tool: 'deploy_artifact',
        args: JSON.parse(JSON.stringify({ ...ready, env: undefined })) as Record<string, unknown>,
        why: given.env === undefined ? 'does it' : 'does it; send env again',
      },
    ],
  };
}

type Quota = KubeObject & { status?: { hard?: Record<string, string>; used?: Record<string, string> } };

/** `artifacts: "3 of 50"`; nothing where the owner has no namespace yet. */
async function quotaOf({ services, namespace }: Context): Promise<Record<string, string>> {
  // That of a shared namespace counts what others have.
  if (services.tenancy.isShared) return {};
  try {
    const { status = {} } = await services.client.get<Quota>(kinds.resourceQuota, { namespace, name: 'vibed' });
    const entries = Object.entries(status.hard ?? {}).map(([what, hard]) => [
      what,
      `${status.used?.[what] ?? '0'} of ${hard}`,
    ]);
    return Object.fromEntries(entries) as Record<string, string>;
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return {};
    throw error;
  }
}

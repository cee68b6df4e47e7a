// update_artifact: the next version. What is changed is said against what the caller saw (base_version), or, with edits, by the
// text itself; when somebody else was faster nothing is lost and nothing is overwritten.
import type { Artifact, ArtifactSpec } from '@vibed/crds';
import { compactArtifact } from '@vibed/store';
import { z } from 'zod';
import { Problem, problemOf } from '../problems.ts';
import { pruneReplaced } from '../prune.ts';
import { type Context, defineAction } from './action.ts';
import { answerFor, answerShape, versionOf } from './answer.ts';
import {
  buildNames,
  type ConfigInput,
  checkEnvSize,
  checkLimits,
  configShape,
  configured,
  envSchema,
  type GivenEnv,
  givenEnv,
  keepEnv,
  publishing,
  secretRights,
} from './config.ts';
import { edited, replaced } from './edits.ts';
import { findArtifact, nameSchema } from './find.ts';
import { viewRights } from './get.ts';
import {
  filesSchema,
  type PlanRequest,
  recipeOf,
  type Source,
  sourceByRef,
  storedTree,
  treeOfFiles,
} from './sources.ts';
import { treeOf } from './trees.ts';
import { canonical, rewrite, writeRights } from './write.ts';

const input = z.strictObject({
  name: nameSchema,
  base_version: z.int().min(1).optional().describe('The version you changed. Not needed with edits.'),
  edits: z
    .array(z.strictObject({ path: z.string(), old_text: z.string(), new_text: z.string() }))
    .min(1)
    .max(100)
    .optional()
    .describe('Each old_text must be there exactly once; all or nothing.'),
  changed: filesSchema.optional().describe('Whole files to add or replace.'),
  deleted: z.array(z.string()).max(1000).optional(),
  files: filesSchema.optional().describe('The whole tree anew.'),
  source_ref: z.string().max(100).optional(),
  git_ref: z.string().max(255).optional(),
  image: z.string().max(512).optional(),
  set_env: envSchema.optional(),
  unset_env: z.array(z.string().max(128)).max(100).optional(),
  secrets: z.record(z.string(), z.string().max(600)).optional(),
  ...configShape,
});
type UpdateInput = z.output<typeof input>;

export const updateArtifact = defineAction({
  name: 'update_artifact',
  title: 'Change an app',
  description:
    'Make the next version: edits (cheapest), changed/deleted files, a whole new source, or settings. The running version serves on until the new one is verified.',
  scope: 'write',
  line: 'sources',
  hints: {},
  input,
  output: z.object({ ...answerShape, changed: z.boolean(), source_ref: z.string().optional() }),
  rights: [...writeRights, ...viewRights, ...secretRights],
  run: update,
});

async function update(given: UpdateInput, context: Context) {
  checkCall(given);
  const { name } = findArtifact(given.name, context).metadata;
  const env = givenEnv(name, { env: given.set_env, secrets: given.secrets }, context);
  // What does not depend on the present files is stored before anything can be refused.
  const sent = await sentSource(given, context);
  try {
    const change = () => write(name, given, { env, sent }, context);
    const {
      artifact,
      source,
      changed,
      warnings: told,
    } = await context.services.envSecrets.inTurn({ namespace: context.namespace, name }, change);
    const answer = answerFor(compactArtifact(artifact), context);
    const warnings = [...new Set([...told, ...answer.warnings])];
    return { ...answer, warnings, changed, ...(source?.ref !== undefined && { source_ref: source.ref }) };
  } catch (error) {
    throw problemOf(error).withSource(sent?.ref);
  }
}

function checkCall(given: UpdateInput): void {
  const { changed, deleted, edits, files, source_ref, git_ref, image } = given;
  const ways = { edits, 'changed/deleted': changed ?? deleted, files, source_ref, git_ref, image };
  const named = Object.entries(ways)
    .filter(([, value]) => value !== undefined)
    .map(([way]) => way);
  if (named.length > 1)
    throw new Problem('InvalidInput', `${named.join(' and ')} are given together`, {
      field: named[1],
      hint: 'say in one way what the source is',
    });
  const settings = [
    given.set_env,
    given.unset_env,
    given.secrets,
    given.port,
    given.health_path,
    given.min,
    given.max,
    given.language,
    given.build_path,
    given.build_env,
    given.target,
  ];
  if (named.length === 0 && settings.every(value => value === undefined))
    throw new Problem('InvalidInput', 'nothing is to be changed', {
      field: 'edits',
      hint: `give ${Object.keys(ways).join(', ')}, set_env, port, min …`,
    });
  if (edits === undefined && given.base_version === undefined)
    throw new Problem('InvalidInput', 'base_version is missing', {
      field: 'base_version',
      hint: 'give the version that you changed; get_artifact tells it',
    });
}

async function sentSource(given: UpdateInput, context: Context): Promise<Source | undefined> {
  if (given.files !== undefined) return await storedTree(treeOfFiles(given.files), context);
  if (given.source_ref !== undefined) return await sourceByRef(given.source_ref, context);
  if (given.image !== undefined) return { spec: { image: { ref: given.image } }, warnings: [] };
  return undefined;
}

interface Parts {
  env: GivenEnv;
  sent: Source | undefined;
}

async function write(name: string, given: UpdateInput, { env, sent }: Parts, context: Context) {
  let source: Source | undefined;
  let changed = false;
  let warnings: readonly string[] = [];
  let before: ArtifactSpec | undefined;
  const artifact = await rewrite(name, context, async live => {
    before = live.spec;
    checkBase(live, given, context);
    source = sent ?? (await derivedSource(live, given, context));
    const asked = configured(withSource(live.spec, source), given as ConfigInput, envAfter(live.spec, given, env));
    if (canonical(asked) !== canonical(live.spec)) checkLimits(asked, context);
    if (env.entries.length > 0) await checkEnvSize(asked, env, context);
    const recipe = source && (await recipeOf(source, planRequest(asked, env), context));
    const language = recipe?.language ?? live.status?.build?.language?.split('/')[0];
    const { spec, warnings: published } = publishing(asked, env, given as ConfigInput, language);
    warnings = [...(source?.warnings ?? []), ...(recipe?.warnings ?? []), ...published];
    changed = canonical(spec) !== canonical(live.spec);
    if (source?.ref !== undefined) await context.services.storage.refer({ namespace: context.owner, name }, source.ref);
    // Before the spec refers to it: a quota may have no room for it.
    await keepEnv(live, env, context);
    return changed ? { spec } : undefined;
  });
  const kept = secretsOf(artifact.spec);
  const replaced = [...secretsOf(before)].filter(secret => !kept.has(secret));
  const { namespace } = context;
  await pruneReplaced(
    replaced.map(secret => ({ namespace, name: secret })),
    context.services,
  );
  return { artifact, source, changed, warnings };
}

const planRequest = (spec: ArtifactSpec, env: GivenEnv): PlanRequest => ({
  builder: spec.build?.builder,
  language: spec.build?.language,
  build_path: spec.build?.path,
  port: spec.run?.port,
  env: buildNames(spec, env),
});

/** Names of the Secrets that variables are taken from. */
const secretsOf = (spec: ArtifactSpec | undefined): Set<string> =>
  new Set((spec?.run?.env ?? []).flatMap(({ secretRef }) => (secretRef === undefined ? [] : [secretRef.name])));

function checkBase(live: Artifact, { base_version: base, edits }: UpdateInput, context: Context): void {
  const version = versionOf(compactArtifact(live), context);
  if (base === undefined || base === version || edits !== undefined) return;
  throw new Problem('Conflict', `you changed version ${base}, but the present one is ${version}`, {
    field: 'base_version',
    hint: 'look at what has changed, make your change to that, and give its version',
    next: [
      {
        tool: 'diff_versions',
        args: { name: live.metadata.name, from: base, to: version },
        why: 'what has changed since',
      },
    ],
  });
}

/** A source made of the present one. */
async function derivedSource(live: Artifact, given: UpdateInput, context: Context): Promise<Source | undefined> {
  if (given.edits !== undefined)
    return await storedTree(await edited(await treeOf(live.spec, context), given.edits), context);
  if ((given.changed ?? given.deleted) !== undefined) {
    const changed = given.changed === undefined ? [] : treeOfFiles(given.changed).files;
    return await storedTree(replaced(await treeOf(live.spec, context), changed, given.deleted ?? []), context);
  }
  if (given.git_ref === undefined) return undefined;
  if (live.spec.source.git === undefined)
    throw new Problem('InvalidInput', 'the source is not git', {
      field: 'git_ref',
      hint: 'send files, edits or a source_ref',
    });
  return { spec: { git: { ...live.spec.source.git, ref: given.git_ref } }, warnings: [] };
}

function withSource(spec: ArtifactSpec, source: Source | undefined): ArtifactSpec {
  if (source === undefined) return spec;
  // Nothing is built from an image.
  const { build: _, ...rest } = spec;
  return source.spec.image === undefined ? { ...spec, source: source.spec } : { ...rest, source: source.spec };
}

/** Undefined: as it is. */
function envAfter(spec: ArtifactSpec, { unset_env: unset = [], set_env, secrets }: UpdateInput, { entries }: GivenEnv) {
  if (unset.length === 0 && set_env === undefined && secrets === undefined) return undefined;
  const present = spec.run?.env ?? [];
  const all = [...present, ...(spec.build?.env ?? [])];
  const missing = unset.find(variable => !all.some(({ name }) => name === variable));
  if (missing !== undefined)
    throw new Problem('InvalidInput', 'unset_env: there is no such variable', {
      field: 'unset_env',
      hint: `the variables are ${all
        .slice(0, 20)
        .map(({ name }) => name)
        .join(', ')}`,
    });
  const gone = new Set([...unset, ...entries.map(({ name }) => name)]);
  return [...present.filter(({ name }) => !gone.has(name)), ...entries];
}

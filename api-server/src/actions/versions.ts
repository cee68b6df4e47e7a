// Versions: which there are, what is different between two, and going back to one.
import type { ArtifactSpec } from '@vibed/crds';
import { compactArtifact, type VersionRecord } from '@vibed/store';
import { z } from 'zod';
import { othersText } from '../mcp/others.ts';
import { Problem } from '../problems.ts';
import { type Context, defineAction } from './action.ts';
import { answerFor, answerShape, listShape } from './answer.ts';
import { checkLimits } from './config.ts';
import { type Differences, differencesOf } from './differences.ts';
import { findArtifact, nameSchema } from './find.ts';
import { viewRights } from './get.ts';
import { filesOf, specOfVersion, unknownVersion } from './trees.ts';
import { recordedAnnotations, rewrite, writeRights } from './write.ts';

const versionSchema = z.int().min(1);

export const listVersions = defineAction({
  name: 'list_versions',
  title: 'Versions of an app',
  description: 'Recorded versions, latest first; each can be rolled back to.',
  scope: 'read',
  hints: { idempotent: true },
  input: z.strictObject({ name: nameSchema }),
  output: z.object({
    name: z.string(),
    versions: z.array(z.looseObject({ version: z.int() })),
    ...listShape,
  }),
  rights: viewRights,
  run: async ({ name: asked }, context) => {
    const artifact = findArtifact(asked, context);
    const { name } = artifact.metadata;
    const serving = artifact.status?.serving?.version;
    const records = [...context.services.store.versions(artifact)].reverse().slice(0, 30);
    const back = records.find(({ version }) => serving !== undefined && version < serving);
    return {
      name,
      versions: records.map(record => ({ ...factsOf(record), serving: record.version === serving })),
      warnings: [],
      next:
        back === undefined
          ? []
          : [{ tool: 'rollback_artifact', args: { name, version: back.version }, why: 'goes back to the one before' }],
    };
  },
});

function factsOf({ version, createdAt, target, build, spec }: VersionRecord) {
  const { snapshot, git, image, files } = spec.source;
  return {
    version,
    created: createdAt,
    target,
    ...(build.language !== undefined && { language: build.language }),
    ...(snapshot !== undefined && { source_ref: snapshot.digest }),
    ...(git !== undefined && { git_ref: git.ref, commit: build.commit }),
    ...(image !== undefined && { image: image.ref }),
    ...(files !== undefined && { inline_files: files.count }),
  };
}

export const diffVersions = defineAction({
  name: 'diff_versions',
  title: 'What changed',
  description: 'The difference between two versions: files as a patch (up to 8 KB), settings, names of variables.',
  scope: 'read',
  line: 'sources',
  hints: { idempotent: true },
  input: z.strictObject({
    name: nameSchema,
    from: versionSchema,
    to: versionSchema.optional().describe('Default: the present spec.'),
  }),
  output: z.object({
    name: z.string(),
    files: z.array(z.object({ path: z.string(), change: z.enum(['added', 'deleted', 'changed']) })),
    patch: othersText('source files'),
    truncated: z.boolean(),
    settings: z.array(z.string()),
    ...listShape,
  }),
  rights: viewRights,
  run: async ({ name: asked, from, to }, context) => {
    const { name } = findArtifact(asked, context).metadata;
    const [before, after] = [await specOfVersion(name, from, context), await specOfVersion(name, to, context)];
    const settings = settingChanges(before, after);
    const { warnings, ...files } = await fileChanges(before, after, context);
    return {
      name,
      ...files,
      settings: settings.slice(0, listedSettings),
      warnings: [
        ...warnings,
        ...(settings.length > listedSettings ? [`${settings.length - listedSettings} more settings differ`] : []),
      ],
      next: [],
    };
  },
});

const listedSettings = 50;

/** Files that git or a registry holds cannot be compared; that is told, and no failure. */
async function fileChanges(before: ArtifactSpec, after: ArtifactSpec, context: Context): Promise<Differences> {
  const without = (...warnings: string[]) => ({ files: [], patch: '', truncated: false, warnings });
  if (JSON.stringify(before.source) === JSON.stringify(after.source)) return without();
  try {
    return await differencesOf(await filesOf(before, context), await filesOf(after, context));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return without(`files cannot be compared: ${error.message}`);
  }
}

/** Of variables the names alone: what a value was is told to nobody. */
function settingChanges(before: ArtifactSpec, after: ArtifactSpec): string[] {
  const env = (spec: ArtifactSpec) => new Map((spec.run?.env ?? []).map(entry => [entry.name, JSON.stringify(entry)]));
  const [old, now] = [env(before), env(after)];
  const variables = [...new Set([...old.keys(), ...now.keys()])].flatMap(name => {
    if (!old.has(name)) return [`env ${name}: added`];
    if (!now.has(name)) return [`env ${name}: removed`];
    return old.get(name) === now.get(name) ? [] : [`env ${name}: changed`];
  });
  const parts = (spec: ArtifactSpec) => {
    const { env: _, ...run } = spec.run ?? {};
    const { files: __, snapshot: ___, ...source } = spec.source;
    return { ...run, ...source, build: spec.build, target: spec.target, exposure: spec.exposure } as Record<
      string,
      unknown
    >;
  };
  const [was, is] = [parts(before), parts(after)];
  const others = [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap(key => {
    const [a, b] = [JSON.stringify(was[key]), JSON.stringify(is[key])];
    return a === b ? [] : [`${key}: ${a ?? 'unset'} → ${b ?? 'unset'}`.slice(0, 300)];
  });
  return [...others, ...variables];
}

export const rollbackArtifact = defineAction({
  name: 'rollback_artifact',
  title: 'Go back to a version',
  description: 'Make a recorded version the present one again: its files, settings and image. Nothing is built.',
  scope: 'write',
  hints: { idempotent: true },
  input: z.strictObject({ name: nameSchema, version: versionSchema }),
  output: z.object({ ...answerShape }),
  rights: [...writeRights, ...viewRights],
  run: async ({ name: asked, version }, context) => {
    const artifact = findArtifact(asked, context);
    const { name } = artifact.metadata;
    const { store, storage } = context.services;
    const record = store.versions(artifact).find(r => r.version === version);
    if (record === undefined) throw unknownVersion(name, version);
    const spec = await recordedSpec(name, record, context);
    checkLimits(spec, context);
    if (spec.source.snapshot !== undefined)
      await storage.refer({ namespace: context.owner, name }, spec.source.snapshot.digest);
    const written = await rewrite(name, context, () => ({ spec, annotations: recordedAnnotations(record) }));
    const answer = answerFor(compactArtifact(written), context);
    return {
      ...answer,
      version,
      next: [{ tool: 'wait_for_artifact', args: { name, version }, why: 'returns when it serves again' }],
    };
  },
});

/** Verbatim, with a git ref pinned to the commit that was built: the image is then found by its key. */
async function recordedSpec(
  name: string,
  record: VersionRecord,
  { services, namespace }: Context,
): Promise<ArtifactSpec> {
  const { suspend: _, ...spec } = await services.store.specOf({ namespace, name }, record.version);
  const { commit } = record.build;
  if (spec.source.git === undefined || commit === undefined) return spec;
  return { ...spec, source: { git: { ...spec.source.git, ref: commit } } };
}

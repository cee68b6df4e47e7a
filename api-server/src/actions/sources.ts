// Sources on their way into an artifact. Files are stored before anything else is looked at, so that a refused call never
// costs its sender the files again.
import { OverLimit } from '@vibed/bounded';
import type { ArtifactSource } from '@vibed/crds';
import type { TreeInput } from '@vibed/operator/analysis';
import { type BuilderName, chooseBuilder } from '@vibed/operator/choose-builder';
import { type Recipe, type RequestedLanguage, readablePaths } from '@vibed/recipe';
import type { TreeFile } from '@vibed/store/tree-digest';
import { z } from 'zod';
import { Problem } from '../problems.ts';
import { shown, type Tree, TreeCollector } from '../storage/tree.ts';
import type { Context } from './action.ts';
import { exactlyOneOf } from './input.ts';

export const fileSchema = z.strictObject({
  path: z.string(),
  content: z.string(),
  encoding: z.enum(['base64', 'utf-8']).optional(),
});
export const filesSchema = z.array(fileSchema).min(1).max(1000);

/** The fields of a call that say where the files come from. */
export const sourceShape = {
  files: filesSchema.optional().describe('The whole tree. What is not sent is gone.'),
  source_ref: z.string().max(100).optional().describe('From create_upload or an earlier answer.'),
  git_url: z.string().max(2048).optional().describe('https, without credentials.'),
  git_ref: z.string().max(255).optional(),
  git_path: z.string().max(255).optional(),
  image: z.string().max(512).optional().describe('Prebuilt, pinned: host/name@sha256:…'),
};
export interface SourceInput {
  files?: z.output<typeof filesSchema> | undefined;
  source_ref?: string | undefined;
  git_url?: string | undefined;
  git_ref?: string | undefined;
  git_path?: string | undefined;
  image?: string | undefined;
}

export interface Source {
  readonly spec: ArtifactSource;
  /** Set where the files are stored here. */
  readonly ref?: string;
  readonly files?: readonly TreeFile[];
  readonly warnings: readonly string[];
}

/** The source that a call names; its files are stored when this resolves. */
export async function sourceOf(input: SourceInput, context: Context): Promise<Source> {
  const kind = exactlyOneOf(input, ['files', 'source_ref', 'git_url', 'image']);
  if (kind !== 'git_url' && (input.git_ref ?? input.git_path) !== undefined)
    throw new Problem('InvalidInput', 'git_ref and git_path belong to git_url', {
      field: 'git_ref',
      hint: 'remove them',
    });
  if (input.files !== undefined) return await storedTree(treeOfFiles(input.files), context);
  if (input.source_ref !== undefined) return await sourceByRef(input.source_ref, context);
  if (input.image !== undefined) return { spec: { image: { ref: input.image } }, warnings: [] };
  const { git_url: url = '', git_ref: ref, git_path: path } = input;
  return {
    spec: { git: { url, ...(ref !== undefined && { ref }), ...(path !== undefined && { path }) } },
    warnings: [],
  };
}

/** Keeps a tree and tells what was left out of it. */
export async function storedTree(
  { files, ignored }: Tree,
  { services, owner }: Pick<Context, 'services' | 'owner'>,
): Promise<Source> {
  const { digest } = await services.storage.save(owner, files);
  const some = ignored.slice(0, 5).join(', ');
  const warnings =
    ignored.length === 0 ? [] : [`${ignored.length} paths are not built: ${some}${ignored.length > 5 ? ', …' : ''}`];
  return { spec: { snapshot: { digest } }, ref: digest, files, warnings };
}

export async function sourceByRef(ref: string, { services, owner }: Context): Promise<Source> {
  const files = await services.storage.load(owner, ref);
  if (files !== undefined) return { spec: { snapshot: { digest: ref } }, ref, files, warnings: [] };
  throw new Problem('InvalidInput', 'there is no source of yours with this source_ref', {
    field: 'source_ref',
    hint: 'it may have expired (24 h without an artifact): send the files again',
    next: [{ tool: 'create_upload', args: {}, why: 'takes a whole folder' }],
  });
}

/** The tree of files that came as text or base64 in a call. */
export function treeOfFiles(files: z.output<typeof filesSchema>): Tree {
  const collector = new TreeCollector();
  for (const { path, content, encoding } of files) collector.add(path, bytesOf(path, content, encoding));
  return collector.finish();
}

/** A character that base64 has not, or padding before more of it. One that describes all of base64 would take quadratic time. */
const notBase64 = /[^A-Za-z0-9+/=\s]|=[A-Za-z0-9+/]/;

export function bytesOf(path: string, content: string, encoding: 'base64' | 'utf-8' | undefined): Buffer {
  if (encoding !== 'base64') return Buffer.from(content, 'utf8');
  if (notBase64.test(content))
    throw new Problem('InvalidInput', `${shown(path)} is not base64 although encoding says so`, {
      field: 'files',
      hint: 'send text without encoding',
    });
  return Buffer.from(content, 'base64');
}

export interface PlanRequest {
  builder?: BuilderName | undefined;
  language?: RequestedLanguage | undefined;
  build_path?: string | undefined;
  port?: number | undefined;
  /** Names of the values that the build is given. */
  env?: readonly string[];
}

/** How the files of a source would be built; a Problem with the remedy of the rules when they cannot be. */
export async function recipeOf(
  { files, ref }: Source,
  { builder, language, build_path: path, port, env = [] }: PlanRequest,
  { services, owner }: Context,
): Promise<Recipe | undefined> {
  if (files === undefined || ref === undefined) return undefined;
  const request = {
    language: language ?? 'auto',
    ...(path !== undefined && { path }),
    ...(port !== undefined && { port }),
    env,
  };
  const input = { ...treeInput(files), request, settings: { bases: services.settings.builds.bases } };
  const found = await services.analysis.recipe(input, ref, { owner }).catch(busy);
  if (found.ok) return withBuilder(found.recipe, builder);
  throw new Problem('InvalidInput', `${found.reason}: ${found.message}`, { field: 'files', hint: found.remedy });
}

function busy(error: unknown): never {
  if (!(error instanceof OverLimit)) throw error;
  throw new Problem('RateLimited', 'too many of your sources are being looked at', {
    retryAfterSeconds: 5,
    hint: 'repeat the call when the others have ended',
    cause: error,
  });
}

/** The operator chooses by the same function. */
function withBuilder(recipe: Recipe, builder: BuilderName | undefined): Recipe {
  const choice = chooseBuilder(recipe, builder);
  if (choice.builder === undefined)
    throw new Problem('InvalidInput', choice.message, { field: 'spec.build.builder', hint: choice.remedy });
  return { ...recipe, why: [...recipe.why, choice.why] };
}

/** The names of all files, and the bytes of those that decide something. */
function treeInput(files: readonly TreeFile[]): Pick<TreeInput, 'files' | 'content'> {
  const sized = files.map(({ path, bytes }) => ({ path, size: bytes.length }));
  const readable = readablePaths(sized);
  const content = new Map(files.filter(({ path }) => readable.has(path)).map(({ path, bytes }) => [path, bytes]));
  return { files: sized, content };
}

/** The first container of a build pod: brings the source into the context folder, finds its recipe, and says what it found.
 *
 * Runs with the credential of the source and of nothing else. Exit codes: see sourceExit. */
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { dockerfileOf, type Recipe, type Refusal, summaryOf } from '@vibed/recipe';
import { Analysis } from '../analysis/analysis.ts';
import { exitOf, reportOf, SourceError } from './fault.ts';
import { fetchGit } from './git.ts';
import { podPaths, type RecipeReport, type SourceJob, type SourceReport, sourceExit, sourceJob } from './job.ts';
import { sourceMessage } from './report.ts';
import { treeOnDisk } from './tree-on-disk.ts';
import { TreeWriter, type WrittenFile } from './tree-writer.ts';
import { unpack } from './unpack.ts';

/** Brings the source, finds its recipe, writes both below `workspace`, and returns the report; expected failures are reports as well. */
export async function prepareSource(job: SourceJob, workspace: string): Promise<SourceReport> {
  const signal = AbortSignal.timeout(job.limits.seconds * 1000);
  try {
    return await prepare(job, workspace, signal);
  } catch (error) {
    if (!signal.aborted) return reportOf(error);
    const message = `the source was not there after ${job.limits.seconds} s`;
    return reportOf(new SourceError('SourceTimedOut', message, 'check the server; the fetch is tried again'));
  }
}

async function prepare(job: SourceJob, workspace: string, signal: AbortSignal): Promise<SourceReport> {
  const analysis = new Analysis();
  const looking = { analysis, owner: 'this pod' };
  const prepared = await prepareTree(job, workspace, looking, signal).finally(() => analysis.stop());
  if (!prepared.ok) return prepared;
  if (!job.keepsWhole) await writeRecipe(join(workspace, 'recipe'), prepared, job.request.env);
  return prepared.report;
}

/** A checked tree on disk, and how it will be built. */
export interface PreparedTree {
  readonly ok: true;
  readonly root: string;
  readonly files: readonly WrittenFile[];
  readonly recipe: Recipe;
  readonly report: SourceReport & { readonly ok: true };
}

/** What looks at the files, and for whom. */
export interface Looking {
  readonly analysis: Pick<Analysis, 'recipe'>;
  readonly owner: string;
}

/** Brings the source below `workspace/context` and finds its recipe. Throws SourceError when the source is at fault. */
export async function prepareTree(
  job: SourceJob,
  workspace: string,
  { analysis, owner }: Looking,
  signal: AbortSignal,
): Promise<PreparedTree | Refusal> {
  const context = join(workspace, 'context');
  const scratch = join(workspace, 'scratch');
  // A container that is started again in its pod finds what the first attempt left.
  for (const left of [context, scratch, join(workspace, 'recipe')]) await rm(left, { recursive: true, force: true });
  await mkdir(context, { recursive: true, mode: 0o755 });
  const writer = new TreeWriter(context, job.limits);
  const commit = await fetchInto(job.source, scratch, writer, signal);
  await rm(scratch, { recursive: true, force: true });
  const tree = treeOnDisk(context, writer.files);
  const digest = await tree.digest();
  if (job.source.kind !== 'git' && job.source.digest !== digest) {
    const message = `the files have the digest ${digest}, not ${job.source.digest}`;
    throw new SourceError('SourceDigestMismatch', message, 'send the source again');
  }
  const { files } = tree;
  const input = { files, content: context, request: requestOf(job), settings: { bases: job.bases } };
  const result = await analysis.recipe(input, digest, { owner, signal });
  if (!result.ok) return result;
  const found = {
    files: writer.files.length,
    bytes: writer.size,
    ignored: writer.ignored.length,
    ignoredSample: writer.ignored.slice(0, 5),
  };
  const { folder } = result.recipe;
  const isCut = folder !== undefined && !job.keepsWhole;
  const built = isCut ? await cutTo(folder, context, writer.files) : writer.files;
  const report = {
    ok: true,
    digest,
    ...(commit !== undefined && { commit }),
    recipe: recipeReport(result.recipe),
    ...found,
  } as const;
  return { ok: true, root: context, files: built, recipe: result.recipe, report };
}

/** The files of the folder that is built, alone in the context: no other file of the source can be copied into the image. */
async function cutTo(folder: string, context: string, files: readonly WrittenFile[]): Promise<WrittenFile[]> {
  const whole = `${context}-whole`;
  await rm(whole, { recursive: true, force: true });
  await rename(context, whole);
  await rename(join(whole, folder), context);
  await rm(whole, { recursive: true, force: true });
  const prefix = `${folder}/`;
  const below = files.filter(({ path }) => path.startsWith(prefix));
  return below.map(file => ({ ...file, path: file.path.slice(prefix.length) }));
}

async function fetchInto(
  source: SourceJob['source'],
  scratch: string,
  writer: TreeWriter,
  signal: AbortSignal,
): Promise<string | undefined> {
  switch (source.kind) {
    case 'git':
      return await fetchGit(source, scratch, writer, signal);
    case 'files':
      await unpack(createReadStream(source.archive, { signal }), writer);
      return undefined;
    case 'snapshot':
      await unpack(await download(source, signal), writer);
      return undefined;
  }
}

/** The archive from the api-server's internal endpoint, with the pod's own audience-bound token. */
async function download(
  source: Extract<SourceJob['source'], { kind: 'snapshot' }>,
  signal: AbortSignal,
): Promise<Readable> {
  const token = (await readFile(source.tokenFile, 'utf8')).trim();
  const response = await fetch(source.url, {
    headers: { authorization: `Bearer ${token}` },
    redirect: 'error',
    signal,
  }).catch(error => {
    throw new SourceError(
      'SourceUnreachable',
      `the source could not be fetched: ${causeOf(error)}`,
      'the fetch is tried again',
    );
  });
  if (response.ok && response.body !== null) return Readable.fromWeb(response.body);
  await response.body?.cancel();
  const status = `the source endpoint answered ${response.status}`;
  if (response.status === 404 || response.status === 410)
    throw new SourceError('SourceNotFound', status, 'the upload is gone: deploy the files again');
  if (response.status === 401 || response.status === 403)
    throw new SourceError('SourceForbidden', status, 'this build may not read that upload');
  throw new SourceError('SourceUnreachable', status, 'the fetch is tried again');
}

/** One fixed place for the Dockerfile, whoever wrote it. A generated one gets an empty ignore file beside it, which outranks the tree's own
 * .dockerignore: that was written for another Dockerfile. */
async function writeRecipe(
  folder: string,
  { root, recipe }: Pick<PreparedTree, 'root' | 'recipe'>,
  values: readonly string[] = [],
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const dockerfile = join(folder, 'Dockerfile');
  if ('stages' in recipe.how) {
    await writeFile(dockerfile, dockerfileOf(recipe.how.stages, values));
    await writeFile(`${dockerfile}.dockerignore`, '');
  } else {
    await writeFile(dockerfile, await readFile(join(root, recipe.how.dockerfile)));
    const own = await readFile(join(root, `${recipe.how.dockerfile}.dockerignore`)).catch(() => undefined);
    if (own !== undefined) await writeFile(`${dockerfile}.dockerignore`, own);
  }
  await writeFile(join(folder, 'recipe.json'), `${JSON.stringify(recipe, null, 2)}\n`);
}

function recipeReport(recipe: Recipe): RecipeReport {
  const { how: _, serves: __, version: ___, ...report } = recipe;
  return { ...report, summary: summaryOf(recipe) };
}

function requestOf(job: SourceJob) {
  const { language, dockerfile, path, port, env, published } = job.request;
  return {
    language,
    ...(dockerfile !== undefined && { dockerfile }),
    ...(path !== undefined && { path }),
    ...(port !== undefined && { port }),
    ...(env !== undefined && { env }),
    ...(published !== undefined && { published }),
  };
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** The program: job from VIBED_SOURCE, report to the termination log, exit code. */
export async function main(env: NodeJS.ProcessEnv): Promise<number> {
  const report = await reported(env);
  await writeFile(env.VIBED_TERMINATION_LOG ?? podPaths.terminationLog, sourceMessage(report));
  console.log(report.ok ? summary(report) : `[vibed] ${report.reason}: ${report.message}\n[vibed] ${report.remedy}`);
  return report.ok ? sourceExit.done : exitOf(report.reason);
}

/** A job that cannot be read is our own fault and must not look like one of the source. */
async function reported(env: NodeJS.ProcessEnv): Promise<SourceReport> {
  let job: SourceJob;
  try {
    job = sourceJob.parse(JSON.parse(env.VIBED_SOURCE ?? ''));
  } catch (error) {
    return reportOf(error);
  }
  return await prepareSource(job, env.VIBED_WORKSPACE ?? podPaths.workspace);
}

function summary(report: Extract<SourceReport, { ok: true }>): string {
  const { recipe } = report;
  const lines = [
    `${report.files} files, ${report.bytes} bytes, ${report.ignored} ignored`,
    recipe.summary,
    ...recipe.why,
    ...recipe.warnings.map(warning => `warning: ${warning}`),
  ];
  return lines.map(line => `[vibed] ${line}`).join('\n');
}

// get_artifact_logs: what a build or the app said, bounded, with the first line that looks like the cause.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { V1Pod } from '@kubernetes/client-node';
import { labels } from '@vibed/crds';
import { buildKeyLabel, versionLabel } from '@vibed/operator/identity';
import { names } from '@vibed/operator/names';
import type { CompactArtifact } from '@vibed/store';
import { isKubeError, type KubeObject, kinds, type LogOptions, type Typed } from '@vibed/store/kube';
import { z } from 'zod';
import { isCurrent } from '../current.ts';
import { othersText } from '../mcp/others.ts';
import { Problem } from '../problems.ts';
import { type Context, defineAction, type Right } from './action.ts';
import { listShape } from './answer.ts';
import { findArtifact, nameSchema } from './find.ts';
import { viewRights } from './get.ts';

export type Pod = Typed<V1Pod>;
export type LogKind = 'build' | 'app';
const defaultLines = 60;
const maxLines = 300;
const maxBytes = 24_000;
/** Of a log, from its end. */
const readBytes = 1024 * 1024;
const readLines = 20_000;

export const logRights: readonly Right[] = [
  { apiGroups: [''], resources: ['pods'], verbs: ['list'], why: 'find the pods of an app' },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'], why: 'logs of apps' },
  { apiGroups: [''], resources: ['configmaps'], verbs: ['get'], why: 'kept logs of builds' },
];

const input = z.strictObject({
  name: nameSchema,
  kind: z.enum(['build', 'app']).optional().describe('Default: whichever explains the present state.'),
  previous: z.boolean().optional().describe('The instance before the last crash.'),
  contains: z.string().min(1).max(200).optional(),
  lines: z.int().min(1).max(maxLines).optional(),
  cursor: z.string().max(100).optional().describe('Of an earlier answer: only what came after.'),
});
type LogsInput = z.output<typeof input>;

export const getArtifactLogs = defineAction({
  name: 'get_artifact_logs',
  title: 'Logs of an app',
  description: 'The last lines of the build or the app, and the first that looks like an error.',
  scope: 'read',
  line: 'logs',
  hints: { idempotent: true },
  input,
  output: z.object({
    name: z.string(),
    kind: z.enum(['build', 'app']),
    text: othersText('the log'),
    first_error: othersText('the log').optional(),
    left_out: z.int().describe('Lines before these.'),
    cursor: z.string().optional(),
    ...listShape,
  }),
  rights: [...viewRights, ...logRights],
  run: async (given, context) => {
    const artifact = findArtifact(given.name, context);
    const kind = given.kind ?? explaining(artifact);
    const read = kind === 'build' ? await buildLog(artifact, context) : await appLog(artifact, given, context);
    const { before, lines } = shortened(read);
    const all = lines.map(plain);
    const end = before + all.length;
    const position = given.cursor === undefined ? 0 : positionIn(given.cursor, kind);
    // A log shorter than it was has begun anew: after a restart, or because the node has rotated it.
    const from = position > end ? 0 : position;
    const wanted = all
      .slice(Math.max(0, from - before))
      .filter(line => given.contains === undefined || line.includes(given.contains));
    const shown = lastOf(wanted, given.lines ?? defaultLines);
    const error = all.find(line =>
      /\b(error|exception|fatal|panic|traceback|cannot find|not found|failed)\b/i.test(line),
    );
    return {
      name: artifact.metadata.name,
      kind,
      text: shown.join('\n'),
      ...(error !== undefined && { first_error: error.slice(0, 500) }),
      left_out: Math.max(0, before - from) + wanted.length - shown.length,
      cursor: Buffer.from(`${kind}:${end}`).toString('base64url'),
      warnings: all.length === 0 ? [`there is no log of the ${kind} yet`] : [],
      next: [],
    };
  },
});

export function explaining(artifact: CompactArtifact): LogKind {
  const { failure, serving, phase } = artifact.status ?? {};
  if (isCurrent(artifact) && failure !== undefined) return failure.step === 'build' ? 'build' : 'app';
  return phase === 'building' || (serving === undefined && phase !== 'deploying') ? 'build' : 'app';
}

function positionIn(cursor: string, kind: string): number {
  const [of, position] = Buffer.from(cursor, 'base64url').toString().split(':');
  if (of === kind && /^[0-9]{1,9}$/.test(position ?? '')) return Number(position);
  throw new Problem('InvalidInput', 'the cursor is not one of this log', {
    field: 'cursor',
    hint: 'leave it out to begin at the end',
  });
}

/** The last lines that fit. */
function lastOf(lines: readonly string[], count: number): string[] {
  const last = lines.slice(-count);
  while (last.length > 1 && last.reduce((sum, line) => sum + line.length + 1, 0) > maxBytes) last.shift();
  return last;
}

/** Without colour codes and control characters. */
const plain = (line: string) =>
  line
    .slice(0, 8_000)
    .replace(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, '')
    .replace(/[^\P{Cc}\t]/gu, '')
    .slice(0, 2_000);

/** The end of a log, and how many lines are before it. */
interface Lines {
  readonly before: number;
  readonly lines: readonly string[];
}
const noLines: Lines = { before: 0, lines: [] };

const shortened = ({ before, lines }: Lines): Lines => ({
  before: before + Math.max(0, lines.length - readLines),
  lines: lines.slice(-readLines),
});

type ConfigMap = KubeObject & { binaryData?: Record<string, string> };

/** The kept log of a finished build, else that of the pod that builds. */
async function buildLog(artifact: CompactArtifact, context: Context): Promise<Lines> {
  const { services, namespace } = context;
  const { failure, build } = artifact.status ?? {};
  const key = failure?.step === 'build' ? failure.hash : build?.key;
  if (key !== undefined && isCurrent(artifact)) {
    const name = names.buildLog({ namespace, name: artifact.metadata.name }, key);
    const kept = await optional(services.client.get<ConfigMap>(kinds.configMap, { namespace, name }));
    const gzip = kept?.binaryData?.['build.log.gz'];
    if (gzip !== undefined) return { before: 0, lines: linesOf(await keptText(gzip)) };
  }
  const pod = await buildPod(artifact, context);
  if (pod === undefined) return noLines;
  const parts: Lines[] = [];
  for (const container of buildContainers(pod)) parts.push(await logOf(pod, { container }, context));
  const [first = noLines, ...others] = parts.filter(({ lines }) => lines.length > 0);
  const more = others.flatMap(({ before, lines }) => (before > 0 ? [`… ${before} lines left out …`, ...lines] : lines));
  return { before: first.before, lines: [...first.lines, ...more] };
}

/** The operator keeps a quarter of what is read here; but others may write that object as well. */
async function keptText(gzip: string): Promise<string> {
  try {
    return (await unzipped(Buffer.from(gzip, 'base64'), { maxOutputLength: readBytes })).toString();
  } catch (cause) {
    throw new Problem('NotFound', 'the kept log of this build cannot be read', {
      hint: 'control_artifact with action retry builds it again',
      cause,
    });
  }
}

const unzipped = promisify(gunzip);

/** The newest pod that builds, whichever builder made it. */
export async function buildPod(artifact: CompactArtifact, context: Context): Promise<Pod | undefined> {
  const { namespace, installNamespace } = context.services.settings.builds;
  const found = await Promise.all(
    [namespace, installNamespace].map(place => podsOf(artifact, place, buildKeyLabel, context)),
  );
  return found.flat().sort(newestFirst)[0];
}

/** Those whose words are about the build, in their order. */
export const buildContainers = ({ spec }: Pod) =>
  [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(c => c.name).filter(name => name !== 'registry');

async function appLog(artifact: CompactArtifact, { previous }: LogsInput, context: Context): Promise<Lines> {
  const pod = await appPod(artifact, context);
  return pod === undefined ? noLines : await logOf(pod, { container: 'app', previous }, context);
}

/** The newest pod of the version asked for, else of the one that serves. */
export async function appPod(artifact: CompactArtifact, context: Context): Promise<Pod | undefined> {
  const { desired, serving } = artifact.status ?? {};
  const pods = await podsOf(artifact, context.namespace, versionLabel, context);
  const of = (hash: string | undefined) => pods.find(pod => pod.metadata.labels?.[versionLabel] === hash);
  return of(desired?.hash) ?? of(serving?.hash);
}

/** Newest first. */
export async function podsOf(
  { metadata }: CompactArtifact,
  namespace: string,
  having: string,
  { services }: Context,
): Promise<Pod[]> {
  const labelSelector = `${labels.artifactUid}=${metadata.uid ?? ''},${having}`;
  const { items } = await services.client.list<Pod>(kinds.pod, { namespace, labelSelector });
  return items.sort(newestFirst);
}

const newestFirst = (a: Pod, b: Pod) =>
  (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1;

/** Nothing for a container that has not run yet. */
async function logOf({ metadata }: Pod, options: LogOptions, { services }: Context): Promise<Lines> {
  try {
    const { leftOut, tail } = await services.client.logEnds(metadata, options, { head: 0, tail: readBytes });
    return { before: leftOut.lines, lines: linesOf(tail) };
  } catch (error) {
    if (isKubeError(error, 'Invalid') || isKubeError(error, 'NotFound')) return noLines;
    throw error;
  }
}

const linesOf = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

async function optional<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return undefined;
    throw error;
  }
}

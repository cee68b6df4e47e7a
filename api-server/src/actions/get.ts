// get_artifact: the one answer to "how is it?": what serves, what is wanted, why it failed and what to do, within 2 KB.
import type { Probe } from '@vibed/crds';
import type { CompactArtifact } from '@vibed/store';
import { z } from 'zod';
import { isCurrent } from '../current.ts';
import { othersText } from '../mcp/others.ts';
import { Problem } from '../problems.ts';
import { summaryOf, summarySchema } from '../summary.ts';
import { defineAction, type Right } from './action.ts';
import { answerFor, answerShape, listShape, pageOf, probeOf, staleWarning } from './answer.ts';
import { envNamesOf } from './config.ts';
import { findArtifact, nameSchema, ownArtifacts } from './find.ts';
import { requestedBy } from './write.ts';

export const viewRights: readonly Right[] = [
  {
    apiGroups: ['vibed.dev'],
    resources: ['artifacts'],
    verbs: ['list', 'watch'],
    why: 'the one watch that answers come from',
  },
  {
    apiGroups: ['apps'],
    resources: ['controllerrevisions'],
    verbs: ['get', 'list', 'watch'],
    why: 'recorded versions',
  },
];

export const probeSchema = z.looseObject({
  status: z.int(),
  title: othersText('the app').optional(),
});
/** The members of a probe that the warnings do not cover. */
export const briefProbe = ({ status, latencyMs, title, at }: Probe) => ({
  status,
  latencyMs,
  at,
  ...(title !== undefined && { title }),
});
export const failureSchema = z.object({
  step: z.string(),
  reason: z.string(),
  message: othersText('the failed app'),
  remedy: z.string(),
  excerpt: othersText('the log').optional(),
});

export const getArtifact = defineAction({
  name: 'get_artifact',
  title: 'How an app is',
  description:
    'State of one app: what serves, what is being made; on failure the reason, the remedy, the last log lines.',
  scope: 'read',
  hints: { idempotent: true },
  input: z.strictObject({ name: nameSchema }),
  output: z.object({
    ...answerShape,
    target: z.string().optional(),
    serving: z.looseObject({ version: z.int() }).optional(),
    probe: probeSchema.optional(),
    failure: failureSchema.optional(),
    env: z.array(z.string()),
    source: z.looseObject({}),
    requested_by: othersText('a client').optional(),
  }),
  rights: viewRights,
  run: async ({ name }, context) => {
    const artifact = findArtifact(name, context);
    const { spec, status = {}, metadata } = artifact;
    const by = metadata.annotations?.[requestedBy];
    const failure = isCurrent(artifact) ? status.failure : undefined;
    const probe = probeOf(artifact);
    return {
      ...answerFor(artifact, context),
      ...(status.target !== undefined && { target: status.target }),
      ...(status.serving !== undefined && {
        serving: { version: status.serving.version, since: status.serving.since },
      }),
      ...(probe !== undefined && { probe: briefProbe(probe) }),
      ...(failure !== undefined && { failure: briefly(failure) }),
      env: envNamesOf(spec.run),
      source: sourceFacts(spec.source, status.build?.commit),
      ...(by !== undefined && { requested_by: by.slice(0, 250) }),
    };
  },
});

/** The lines at the end of an excerpt matter most. */
export function briefly({ step, reason, message, remedy, excerpt }: z.input<typeof failureSchema> & object) {
  return {
    step,
    reason,
    message: message.slice(0, 400),
    remedy: remedy.slice(0, 400),
    ...(excerpt !== undefined && { excerpt: excerpt.slice(-900) }),
  };
}

function sourceFacts(
  source: ReturnType<typeof findArtifact>['spec']['source'],
  commit: string | undefined,
): Record<string, unknown> {
  if (source.snapshot !== undefined) return { source_ref: source.snapshot.digest };
  if (source.git !== undefined) return { git_url: source.git.url, git_ref: source.git.ref, commit };
  if (source.image !== undefined) return { image: source.image.ref };
  return { inline_files: source.files?.count };
}

const pageSize = 50;

export const listArtifacts = defineAction({
  name: 'list_artifacts',
  title: 'Your apps',
  description: 'Your apps with phase, URL and versions, by name.',
  scope: 'read',
  hints: { idempotent: true },
  input: z.strictObject({
    cursor: z.string().max(200).optional(),
    limit: z.int().min(1).max(200).optional(),
  }),
  output: z.object({ artifacts: z.array(summarySchema), total: z.int(), cursor: z.string().optional(), ...listShape }),
  rights: viewRights,
  run: async ({ cursor, limit = pageSize }, context) => {
    const own = ownArtifacts(context).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const after = cursor === undefined ? '' : nameIn(cursor);
    const rest = own.filter(({ metadata }) => metadata.name > after);
    const page = rest.slice(0, limit);
    const last = page.at(-1)?.metadata.name;
    return {
      artifacts: page.map(summaryOf),
      total: own.length,
      ...(rest.length > limit && last !== undefined && { cursor: cursorOf(last) }),
      warnings: [...brokenWarning(page), ...staleWarning(context)],
      next:
        own.length === 0
          ? [{ tool: 'deploy_artifact', args: {}, why: 'deploys your first app' }]
          : [{ tool: 'get_artifact', args: { name: page[0]?.metadata.name ?? '' }, why: 'tells how one of them is' }],
    };
  },
});

/** One sentence for all, so that a list stays short. */
function brokenWarning(page: readonly CompactArtifact[]): string[] {
  const broken = page.filter(artifact => pageOf(artifact).isBroken).map(({ metadata }) => metadata.name);
  if (broken.length === 0) return [];
  const more = broken.length > 5 ? ` and ${broken.length - 5} more` : '';
  return [`the page is broken of ${broken.slice(0, 5).join(', ')}${more}: get_artifact has what is wrong`];
}

const cursorPrefix = 'after:';
const cursorOf = (name: string) => Buffer.from(cursorPrefix + name).toString('base64url');

function nameIn(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (text.startsWith(cursorPrefix)) return text.slice(cursorPrefix.length);
  throw new Problem('InvalidInput', 'the cursor is not one of this list', {
    field: 'cursor',
    hint: 'leave it out to begin at the start',
  });
}

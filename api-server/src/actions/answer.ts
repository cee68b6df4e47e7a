// What every answer about an artifact says. The state is told from spec, status and version records; nothing is kept here.

import { type PageFindings, type Probe, pageFindings, phases } from '@vibed/crds';
import { versionNumber, wantedOf } from '@vibed/operator/keys';
import type { CompactArtifact } from '@vibed/store';
import { z } from 'zod';
import { isCurrent, phaseOf, targetOf } from '../current.ts';
import type { Next } from '../problems.ts';
import type { Context } from './action.ts';

/** {tool, args, why}: a call that helps now. Told loosely here, for it is in the schema of every tool. */
const nextSchema = z.looseObject({ tool: z.string() });

/** Members of every answer; actions add theirs. */
export const answerShape = {
  name: z.string(),
  version: z.int().describe('The version this spec asks for.'),
  url: z.string().optional().describe('Set while a verified version serves.'),
  phase: z.enum(phases),
  warnings: z.array(z.string()),
  next: z.array(nextSchema),
};
export const listShape = { warnings: z.array(z.string()), next: z.array(nextSchema) };

export interface Answer {
  name: string;
  version: number;
  url?: string;
  phase: (typeof phases)[number];
  warnings: string[];
  next: Next[];
}

/** The version asked for now. The operator's word where it has spoken; until then what it will say. */
export function versionOf(artifact: CompactArtifact, { services }: Context): number {
  const { desired } = artifact.status ?? {};
  if (isCurrent(artifact) && desired !== undefined) return desired.version;
  const target = targetOf(artifact);
  const hash = target === undefined ? '' : wantedOf(artifact, target).hash;
  return versionNumber(hash, artifact.metadata.generation ?? 1, services.store.versions(artifact));
}

export function answerFor(artifact: CompactArtifact, context: Context): Answer {
  const { url, build } = artifact.status ?? {};
  const phase = phaseOf(artifact);
  const version = versionOf(artifact, context);
  const { name } = artifact.metadata;
  return {
    name,
    version,
    ...(url !== undefined && { url }),
    phase,
    warnings: [
      ...pageOf(artifact).warnings,
      ...(isCurrent(artifact) ? (build?.warnings ?? []) : []),
      ...staleWarning(context),
    ],
    next: nextFor(name, version, phase),
  };
}

/** The last answer of the version asked for: through its URL where it serves, else of its instance. */
export function probeOf({ status = {} }: CompactArtifact): Probe | undefined {
  const { serving, desired } = status;
  return serving !== undefined && serving.hash === desired?.hash ? (serving.probe ?? desired.probe) : desired?.probe;
}

/** Findings about the page of the app, once the version asked for serves. */
export function pageOf(artifact: CompactArtifact): PageFindings {
  const { serving, desired, url, build } = artifact.status ?? {};
  const isServing = isCurrent(artifact) && serving !== undefined && serving.hash === desired?.hash;
  if (!isServing || serving.probe === undefined) return { warnings: [], isBroken: false };
  const path = artifact.spec.run?.health?.path ?? '/';
  return pageFindings(serving.probe, { path, url, language: build?.language });
}

/** What the view shows may be old while the cluster cannot be reached; it is told rather than hidden. */
export function staleWarning({ services }: Context): string[] {
  const since = services.feed.staleSince();
  return since === undefined ? [] : [`this may be old: the cluster has not been heard of since ${since}`];
}

function nextFor(name: string, version: number, phase: Answer['phase']): Next[] {
  switch (phase) {
    case 'pending':
    case 'building':
    case 'deploying':
      return [{ tool: 'wait_for_artifact', args: { name, version }, why: 'returns when it runs or has failed' }];
    case 'failed':
      return [
        { tool: 'get_artifact_logs', args: { name }, why: 'the whole log behind the failure' },
        { tool: 'update_artifact', args: { name }, why: 'send the mended files' },
      ];
    case 'running':
      return [{ tool: 'invoke_artifact', args: { name, path: '/' }, why: 'see what it answers' }];
    case 'suspended':
      return [{ tool: 'control_artifact', args: { name, action: 'resume' }, why: 'starts it again' }];
    case 'deleting':
      return [];
    default:
      return phase satisfies never;
  }
}

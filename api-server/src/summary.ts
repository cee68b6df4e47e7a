// The row of an artifact in lists and events: no file, no value of a variable, no log.
import { type Phase, phases } from '@vibed/crds';
import type { CompactArtifact } from '@vibed/store';
import { z } from 'zod';

export const summarySchema = z.object({
  name: z.string(),
  uid: z.string(),
  phase: z.enum(phases),
  url: z.string().optional(),
  version: z.int().optional().describe('The version asked for.'),
  serving: z.int().optional().describe('The version that answers.'),
  target: z.string().optional(),
  reason: z.string().optional().describe('Why it failed.'),
  created: z.string(),
});
export type ArtifactSummary = z.output<typeof summarySchema>;

export function summaryOf({ metadata, status }: CompactArtifact): ArtifactSummary {
  const isCurrent = status?.observedGeneration === metadata.generation;
  const phase: Phase = isCurrent ? (status?.phase ?? 'pending') : 'pending';
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    phase: metadata.deletionTimestamp === undefined ? phase : 'deleting',
    created: metadata.creationTimestamp ?? '',
    ...(status?.url !== undefined && { url: status.url }),
    ...(status?.desired !== undefined && { version: status.desired.version }),
    ...(status?.serving !== undefined && { serving: status.serving.version }),
    ...(status?.target !== undefined && { target: status.target }),
    ...(isCurrent && status?.failure !== undefined && { reason: status.failure.reason }),
  };
}

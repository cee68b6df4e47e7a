// The row of an artifact in lists and events: no file, no value of a variable, no log.
import { phases } from '@vibed/crds';
import type { CompactArtifact } from '@vibed/store';
import { z } from 'zod';
import { isCurrent, phaseOf } from './current.ts';

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

export function summaryOf(artifact: CompactArtifact): ArtifactSummary {
  const { metadata, status } = artifact;
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    phase: phaseOf(artifact),
    created: metadata.creationTimestamp ?? '',
    ...(status?.url !== undefined && { url: status.url }),
    ...(status?.desired !== undefined && { version: status.desired.version }),
    ...(status?.serving !== undefined && { serving: status.serving.version }),
    ...(status?.target !== undefined && { target: status.target }),
    ...(status?.failure !== undefined && isCurrent(artifact) && { reason: status.failure.reason }),
  };
}

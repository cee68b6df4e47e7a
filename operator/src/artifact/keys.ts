// What makes two builds, and two versions, the same.
import { annotations, type ConcreteTarget } from '@vibed/crds';
import type { CompactArtifact, CompactSpec, VersionRecord } from '@vibed/store';
import { canonicalJson, shortHash } from './names.ts';

/** Source, spec.build and the retry annotation, and nothing else: a new vibeD release rebuilds nothing. */
export function buildKey(spec: CompactSpec, retry: string | undefined): string {
  return shortHash(16, canonicalJson({ source: spec.source, build: spec.build ?? {}, retry: retry ?? '' }));
}

/** The key that the same source has once its git ref is pinned to the commit that was built; undefined without git. */
export function pinnedKey(
  spec: CompactSpec,
  retry: string | undefined,
  commit: string | undefined,
): string | undefined {
  if (spec.source.git === undefined || commit === undefined) return undefined;
  return buildKey({ ...spec, source: { git: { ...spec.source.git, ref: commit } } }, retry);
}

export const retryOf = (artifact: CompactArtifact) => artifact.metadata.annotations?.[annotations.retry];

/** Build key + how it runs + where: a version. Scale, exposure and health limits of a running version are part of it. */
export function versionHash(key: string, spec: CompactSpec, target: ConcreteTarget): string {
  return shortHash(8, key, canonicalJson(spec.run ?? {}), target);
}

/**
 * The number of the version with this hash: its record's, else the generation that asks for it, and always above every
 * recorded one (a retry asks for something new without a new generation).
 */
export function versionNumber(hash: string, generation: number, records: readonly VersionRecord[]): number {
  const recorded = records.find(r => r.hash === hash);
  if (recorded !== undefined) return recorded.version;
  return Math.max(generation, ...records.map(r => r.version + 1));
}

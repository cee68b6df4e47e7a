// What makes two builds, and two versions, the same.
import { annotations, type ConcreteTarget } from '@vibed/crds';
import type { CompactArtifact, CompactSpec, VersionRecord } from '@vibed/store';
import { publishedValues } from './build-values.ts';
import { canonicalJson, shortHash } from './names.ts';

/** Source, spec.build with what else the build is given, and the retry annotation: a new vibeD release rebuilds nothing. */
export function buildKey(spec: CompactSpec, retry: string | undefined): string {
  const published = spec.source.image === undefined ? publishedValues(spec) : [];
  const build = { ...spec.build, ...(published.length > 0 && { published }) };
  return shortHash(16, canonicalJson({ source: spec.source, build, retry: retry ?? '' }));
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

export const restartOf = (artifact: CompactArtifact) => artifact.metadata.annotations?.[annotations.restart];

/**
 * Build key + how it runs + where + the restart annotation: a version. Scale, exposure and health limits of a running
 * version are part of it. A restart is a version of an image that is known: it takes the road of every other version, so the
 * serving one answers until it has passed.
 */
export function versionHash(key: string, spec: CompactSpec, target: ConcreteTarget, restart?: string): string {
  return shortHash(8, key, canonicalJson(spec.run ?? {}), target, ...(restart === undefined ? [] : [restart]));
}

/** What an Artifact asks for at present. */
export function wantedOf(artifact: CompactArtifact, target: ConcreteTarget): { key: string; hash: string } {
  const key = buildKey(artifact.spec, retryOf(artifact));
  return { key, hash: versionHash(key, artifact.spec, target, restartOf(artifact)) };
}

/**
 * The number of the version with this hash: its record's, else the generation that asks for it, and always above every
 * recorded one (a retry or restart asks for something new without a new generation).
 */
export function versionNumber(hash: string, generation: number, records: readonly VersionRecord[]): number {
  const recorded = records.find(r => r.hash === hash);
  if (recorded !== undefined) return recorded.version;
  return Math.max(generation, ...records.map(r => r.version + 1));
}

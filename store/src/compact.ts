// What caches hold: the Artifact with its inline files replaced by their digest, so that 2,000 artifacts of 128 KiB do not
// sit in memory. The full spec is read live by the one who needs it (the build, the version record).
import { Buffer } from 'node:buffer';
import { type Artifact, type ArtifactSource, type ArtifactSpec, isIgnored, type SourceFile } from '@vibed/crds';
import { specProblem, statusProblem } from './readable.ts';
import { type TreeFile, treeDigest } from './tree-digest.ts';

export type CompactSource = Omit<ArtifactSource, 'files'> & { files?: { digest: string; count: number } };
export type CompactSpec = Omit<ArtifactSpec, 'source'> & { source: CompactSource };
export type CompactArtifact = Omit<Artifact, 'spec'> & {
  spec: CompactSpec;
  /** Why the spec cannot be read; `spec` is empty then. */
  unreadable?: string;
};

/** The bytes of inline files. */
export function inlineTree(files: readonly SourceFile[]): TreeFile[] {
  return files.map(f => ({
    path: f.path,
    executable: false,
    bytes: Buffer.from(f.content, f.encoding === 'base64' ? 'base64' : 'utf8'),
  }));
}

/** The digest of the inline files that reach a build: ignored paths do not count, as on every road. */
export function inlineDigest(files: readonly SourceFile[]): string {
  return treeDigest(inlineTree(files.filter(f => !isIgnored(f.path))));
}

export function compactSpec(spec: ArtifactSpec): CompactSpec {
  const { files, ...source } = spec.source;
  if (files === undefined) return { ...spec, source };
  return { ...spec, source: { ...source, files: { digest: inlineDigest(files), count: files.length } } };
}

/**
 * An object that is already compact stays as it is. One that got in before its schema did has an empty spec here, so that it fails
 * alone: whoever looks at all Artifacts need not expect it.
 */
export function compactArtifact(artifact: Artifact | CompactArtifact): CompactArtifact {
  const { status, ...rest } = artifact;
  const kept = status === undefined || statusProblem(status) !== undefined ? {} : { status };
  const problem = specProblem(artifact.spec);
  if (problem !== undefined) return { ...rest, ...kept, spec: { source: {} }, unreadable: problem.slice(0, 1024) };
  const files = artifact.spec.source.files;
  if (!Array.isArray(files)) return { ...rest, ...kept } as CompactArtifact;
  return { ...rest, ...kept, spec: compactSpec((artifact as Artifact).spec) };
}

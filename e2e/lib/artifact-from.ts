// A folder of e2e/apps as an Artifact with inline files, the way a person's tool would send it.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Artifact, type ArtifactSpec, apiVersion, type SourceFile } from '@vibed/crds';

const apps = fileURLToPath(new URL('../apps', import.meta.url));

/** What a scenario changes of an Artifact: spec members, metadata, and single files of the folder (null leaves one out). */
export interface Overrides extends Partial<Omit<ArtifactSpec, 'source'>> {
  name?: string;
  annotations?: Record<string, string>;
  files?: Readonly<Record<string, string | null>>;
}

/** `folder` below e2e/apps, for example `express-npm` or `failing/crash-loop`; its last part is the default name. */
export function artifactFrom(folder: string, overrides: Overrides = {}): Artifact {
  const { files, ...rest } = overrides;
  return artifactOf(
    { files: changed(filesOf(folder), files ?? {}) },
    { name: folder.split('/').at(-1) ?? folder, ...rest },
  );
}

/** Any source. */
export function artifactOf(source: ArtifactSpec['source'], overrides: Omit<Overrides, 'files'>): Artifact {
  const { name = 'app', annotations, ...spec } = overrides;
  const metadata = { name, ...(annotations !== undefined && { annotations }) };
  return { apiVersion, kind: 'Artifact', metadata, spec: { source, ...spec } };
}

/** The files of a sample, in the order of their paths. */
export function filesOf(folder: string): SourceFile[] {
  const root = join(apps, folder);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
    .map(path => sourceFile(relative(root, path).split(sep).join('/'), readFileSync(path)));
}

/** Text where the bytes are UTF-8 without NUL, else base64. */
function sourceFile(path: string, bytes: Buffer): SourceFile {
  const text = bytes.toString('utf8');
  if (!text.includes('\0') && Buffer.from(text, 'utf8').equals(bytes)) return { path, content: text };
  return { path, content: bytes.toString('base64'), encoding: 'base64' };
}

function changed(files: SourceFile[], changes: Readonly<Record<string, string | null>>): SourceFile[] {
  const kept = files.filter(file => !(file.path in changes));
  const added = Object.entries(changes).flatMap(([path, content]) => (content === null ? [] : [{ path, content }]));
  return [...kept, ...added];
}

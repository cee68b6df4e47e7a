// What a cache may take for an Artifact or a version record. Schemas guard Artifacts, but one may have got in before its schema did;
// nothing guards the content of a ControllerRevision, which everybody who may create StatefulSets can make.
import { labels, type SourceFile, specSchema, statusSchema } from '@vibed/crds';

/** Selects children by all of their identity: an object with some of these labels is somebody else's. */
export const identitySelector = [
  `${labels.managedBy}=vibed`,
  labels.instance,
  labels.artifactNamespace,
  labels.artifactUid,
].join(',');

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}
interface Schema {
  safeParse(value: unknown): { readonly error?: { readonly issues: readonly Issue[] } | undefined };
}

/** The values that have another type than the schema says; undefined when there are none. Broken rules do not count. */
function wrongTypes(name: string, schema: Schema, value: unknown): string | undefined {
  const wrong = schema.safeParse(value).error?.issues.filter(({ code }) => code === 'invalid_type') ?? [];
  return wrong.length === 0
    ? undefined
    : wrong.map(({ path, message }) => `${[name, ...path.map(String)].join('.')}: ${message}`).join('; ');
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isFile = (file: unknown): file is SourceFile =>
  isRecord(file) && typeof file.path === 'string' && typeof file.content === 'string';

/** What keeps a spec from being read, with or without its files; undefined when nothing does. */
export function specProblem(spec: unknown): string | undefined {
  if (!isRecord(spec)) return 'spec: is not an object';
  const source = isRecord(spec.source) ? spec.source : undefined;
  const files = source?.files;
  if (Array.isArray(files) && !files.every(isFile)) return 'spec.source.files: each needs a path and a content';
  if (files !== undefined && !Array.isArray(files) && !isDigest(files)) return 'spec.source.files: is not a list';
  // Files are checked above; their rules cost much.
  const withoutFiles = files === undefined ? spec : { ...spec, source: { ...source, files: [] } };
  return wrongTypes('spec', specSchema, withoutFiles);
}

/** What files become in a compact spec. */
const isDigest = (files: unknown): boolean => isRecord(files) && typeof files.digest === 'string';

/** What keeps a status from being read; undefined when nothing does. */
export const statusProblem = (status: unknown): string | undefined => wrongTypes('status', statusSchema, status);

/** What keeps the content of a ControllerRevision from being a version record; undefined when nothing does. */
export function recordProblem(data: unknown): string | undefined {
  if (!isRecord(data)) return 'data: is not an object';
  const { version, hash, keys, target, createdAt, retry, restart, template, build, spec } = data;
  const texts = {
    hash,
    target,
    createdAt,
    ...(retry !== undefined && { retry }),
    ...(restart !== undefined && { restart }),
  };
  if (!Number.isSafeInteger(version)) return 'data.version: is not a number';
  const wrong = Object.entries(texts).find(([, value]) => typeof value !== 'string');
  if (wrong !== undefined) return `data.${wrong[0]}: is not a text`;
  if (!Array.isArray(keys) || keys.some(key => typeof key !== 'string')) return 'data.keys: is not a list of texts';
  if (!isRecord(template)) return 'data.template: is not an object';
  return specProblem(spec) ?? statusProblem({ build });
}

// Writing artifacts: who asked is on the object, Git's own are left alone, and a write that meets another's is done again on
// what is there now.
import { type Artifact, type ArtifactSpec, annotations, apiVersion } from '@vibed/crds';
import type { CompactArtifact, VersionRecord } from '@vibed/store';
import { isKubeError, onceCounted } from '@vibed/store/kube';
import { Problem } from '../problems.ts';
import type { Context, Right } from './action.ts';

export const requestedBy = 'vibed.dev/requested-by';
export const idempotencyKey = 'vibed.dev/idempotency-key';

export const writeRights: readonly Right[] = [
  { apiGroups: ['vibed.dev'], resources: ['artifacts'], verbs: ['get', 'create', 'update'], why: 'write specs' },
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'create'], why: 'one namespace per owner' },
];

/** `alice via mcp (claude-code 2.1)`. */
export function requestedByOf({ caller, door, client }: Context): string {
  const by = client === undefined ? door : `${door} (${client})`;
  return `${caller.user} via ${by}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 250);
}

const gitMarks = [
  'argocd.argoproj.io/tracking-id',
  'argocd.argoproj.io/instance',
  'kustomize.toolkit.fluxcd.io/name',
  'helm.toolkit.fluxcd.io/name',
];

/** An edit of what Git manages would be undone by the next sync, or fight it. */
export function refuseManagedByGit({ metadata }: Pick<CompactArtifact, 'metadata'>): void {
  const marks = { ...metadata.labels, ...metadata.annotations };
  const mark = gitMarks.find(name => marks[name] !== undefined);
  if (mark === undefined) return;
  throw new Problem('ManagedByGit', `${metadata.name} is managed by Git (${mark})`, {
    hint: 'change it in its repository, or deploy a copy under another name',
  });
}

export interface NewArtifact {
  name: string;
  spec: ArtifactSpec;
  idempotencyKey?: string | undefined;
}

/** How long a create waits for a quota that is new. */
export const countedWithinMs = 20_000;

/** Creates it in the owner's namespace, which is made on their first write. Rejects with AlreadyExists. */
export async function createArtifact(
  { name, spec, idempotencyKey: key }: NewArtifact,
  context: Context,
): Promise<Artifact> {
  const { services, caller } = context;
  const namespace = await services.tenancy.ensure(caller.user);
  const annotations = { [requestedBy]: requestedByOf(context), ...(key !== undefined && { [idempotencyKey]: key }) };
  try {
    const metadata = { name, namespace, labels: services.tenancy.labelsFor(caller.user), annotations };
    // The namespace may be seconds old.
    return await onceCounted(
      () => services.store.create({ apiVersion, kind: 'Artifact', metadata, spec }),
      countedWithinMs,
    );
  } catch (error) {
    if (!isWithoutNamespace(error)) throw error;
    // It was deleted behind our back; the client's repetition makes it again.
    services.tenancy.forget(caller.user);
    throw new Problem('Unavailable', 'your namespace is being deleted', {
      retryAfterSeconds: 5,
      hint: 'repeat the call in a few seconds',
      cause: error,
    });
  }
}

const isWithoutNamespace = (error: unknown): boolean =>
  isKubeError(error, 'NotFound') || (isKubeError(error, 'Forbidden') && /being terminated/.test(error.message));

export interface Change {
  spec: ArtifactSpec;
  annotations?: Readonly<Record<string, string | undefined>>;
}

/** What goes back to a recorded version besides its spec, for it is part of its hash. */
export const recordedAnnotations = (record: VersionRecord | undefined) => ({
  [annotations.retry]: record?.retry,
  [annotations.restart]: record?.restart,
});

const attempts = 6;

/**
 * Reads the whole artifact, lets `change` say what it should be, and writes that. Status writes of the operator make a write
 * fail as well, so it is tried again on what is there then; `change` is asked each time. Undefined: leave it as it is.
 */
export async function rewrite(
  name: string,
  context: Context,
  change: (live: Artifact) => Promise<Change | undefined> | Change | undefined,
): Promise<Artifact> {
  const { store } = context.services;
  for (let attempt = 1; ; attempt += 1) {
    const live = await store.get({ namespace: context.namespace, name });
    if (context.services.tenancy.ownerOf(live) !== context.owner)
      throw new Problem('NotFound', 'there is no such artifact', { hint: 'list_artifacts tells which names exist' });
    refuseManagedByGit(live);
    if (live.metadata.deletionTimestamp !== undefined)
      throw new Problem('NotFound', 'there is no such artifact', { hint: 'it is being deleted' });
    const wanted = await change(live);
    if (wanted === undefined) return live;
    const { spec, annotations: changed = {} } = wanted;
    const all = { ...live.metadata.annotations, ...changed, [requestedBy]: requestedByOf(context) };
    const kept = Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    try {
      return await store.update({ ...live, metadata: { ...live.metadata, annotations: kept }, spec });
    } catch (error) {
      if (!isKubeError(error, 'Conflict') || attempt === attempts) throw error;
    }
  }
}

/** JSON with sorted keys: equal specs give equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

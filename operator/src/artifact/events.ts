// Kubernetes Events, only when something happened: a phase was reached, a failure was told. The reason is the condition's,
// the note its message and remedy; excerpts stay in status (they are as confidential as logs).
import { apiVersion } from '@vibed/crds';
import type { CompactArtifact } from '@vibed/store';
import { isKubeError, type KubeClient, type KubeObject, kinds, type Log } from '@vibed/store/kube';

/** What an Event says. */
export interface Told {
  type: 'Normal' | 'Warning';
  reason: string;
  note: string;
}

/** What is worth an Event between two states; undefined for the rest. */
export function eventFor(before: CompactArtifact, after: CompactArtifact): Told | undefined {
  const [was, is] = [before.status, after.status];
  const failure = is?.failure;
  if (failure && (failure.reason !== was?.failure?.reason || failure.hash !== was.failure.hash))
    return { type: 'Warning', reason: failure.reason, note: `${failure.message}. ${failure.remedy}`.slice(0, 1000) };
  if (is?.serving !== undefined && is.serving.hash !== was?.serving?.hash)
    return {
      type: 'Normal',
      reason: 'Verified',
      note: `version ${is.serving.version} serves${is.url ? ` at ${is.url}` : ''}`,
    };
  if (is?.phase === was?.phase || is?.phase === 'failed') return undefined;
  const ready = is?.conditions?.find(c => c.type === 'Ready');
  return ready && { type: 'Normal', reason: ready.reason, note: ready.message.slice(0, 1000) };
}

/** Writes the Event. A lost Event is logged and nothing more: status is the record. */
export async function tell(client: KubeClient, artifact: CompactArtifact, told: Told, log: Log): Promise<void> {
  const { namespace, name, uid, resourceVersion } = artifact.metadata;
  const now = new Date();
  const event = {
    metadata: {
      name: `${name}.${now.getTime().toString(16)}${Math.floor(Math.random() * 65536).toString(16)}`,
      namespace,
    },
    eventTime: `${now.toISOString().slice(0, -1)}000Z`,
    reportingController: 'vibed.dev/operator',
    reportingInstance: 'vibed-operator',
    action: 'Reconcile',
    type: told.type,
    reason: told.reason,
    note: told.note,
    regarding: { apiVersion, kind: 'Artifact', namespace, name, uid, resourceVersion },
  } satisfies KubeObject & Record<string, unknown>;
  try {
    await client.create<KubeObject>(kinds.event, event);
  } catch (error) {
    // A namespace that is being deleted takes no Events any more; nobody is left to read them.
    if (artifact.metadata.deletionTimestamp !== undefined && isKubeError(error, 'Forbidden')) return;
    log.warn('an Event could not be written', { artifact: `${namespace}/${name}`, reason: told.reason, error });
  }
}

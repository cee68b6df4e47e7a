// control_artifact: what is done to an app as a whole, without changing it.
import { type Artifact, annotations } from '@vibed/crds';
import { compactArtifact } from '@vibed/store';
import { z } from 'zod';
import { Problem } from '../problems.ts';
import { type Context, defineAction } from './action.ts';
import { answerFor, answerShape } from './answer.ts';
import { findArtifact, nameSchema } from './find.ts';
import { viewRights } from './get.ts';
import { type Change, recordedAnnotations, rewrite, writeRights } from './write.ts';

const verbs = ['retry', 'restart', 'suspend', 'resume', 'cancel_build'] as const;

export const controlArtifact = defineAction({
  name: 'control_artifact',
  title: 'Retry, stop or start an app',
  description:
    'retry builds the same source again; restart starts the same image anew, without a gap; suspend stops the app and keeps its versions; resume starts it; cancel_build goes back to what serves.',
  scope: 'write',
  hints: { idempotent: true },
  input: z.strictObject({ name: nameSchema, action: z.enum(verbs) }),
  output: z.object({ ...answerShape }),
  rights: [...writeRights, ...viewRights],
  run: async ({ name: asked, action }, context) => {
    const { name } = findArtifact(asked, context).metadata;
    const written = await rewrite(name, context, live => changeFor(action, live, context));
    return answerFor(compactArtifact(written), context);
  },
});

function changeFor(verb: (typeof verbs)[number], live: Artifact, context: Context): Promise<Change> | Change {
  const { suspend: _, ...running } = live.spec;
  switch (verb) {
    case 'retry':
      return { spec: running, annotations: { [annotations.retry]: new Date().toISOString() } };
    case 'restart':
      refuseUnbuilt(live);
      return { spec: running, annotations: { [annotations.restart]: new Date().toISOString() } };
    case 'suspend':
      return { spec: { ...live.spec, suspend: true } };
    case 'resume':
      return { spec: running };
    case 'cancel_build':
      return servingAgain(live, context);
    default:
      return verb satisfies never;
  }
}

/** A newer spec cancels the build of an older one; the one that serves needs no build. */
async function servingAgain({ metadata, status, spec }: Artifact, { services, namespace }: Context): Promise<Change> {
  const { serving, desired } = status ?? {};
  if (serving === undefined) return { spec: { ...spec, suspend: true } };
  if (serving.version === desired?.version && status?.observedGeneration === metadata.generation)
    throw new Problem('Conflict', 'nothing is being built: the version asked for serves', {
      hint: 'get_artifact tells how it is',
    });
  const record = services.store
    .versions(compactArtifact({ metadata, status, spec } as Artifact))
    .find(r => r.version === serving.version);
  const recorded = await services.store.specOf({ namespace, name: metadata.name }, serving.version);
  return { spec: recorded, annotations: recordedAnnotations(record) };
}

/** A build that failed would only fail to start. */
function refuseUnbuilt({ metadata, status }: Artifact): void {
  if (status?.failure?.step !== 'build' || status.observedGeneration !== metadata.generation) return;
  throw new Problem('Conflict', 'there is nothing to start: the build has failed', {
    field: 'action',
    hint: 'mend the source with update_artifact, or build it again with action retry',
  });
}

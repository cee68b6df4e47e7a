// delete_artifact: the app goes at once, its sources a week later, so that a deploy with source_ref brings it back.
import { isKubeError } from '@vibed/store/kube';
import { z } from 'zod';
import { Problem } from '../problems.ts';
import { defineAction } from './action.ts';
import { listShape } from './answer.ts';
import { findArtifact, nameSchema } from './find.ts';
import { viewRights } from './get.ts';
import { refuseManagedByGit } from './write.ts';

export const deleteArtifact = defineAction({
  name: 'delete_artifact',
  title: 'Delete an app',
  description:
    'Stops and removes an app with its URL and versions. Its source is kept for 7 days, while there is room, under the source_ref of the answer.',
  scope: 'write',
  hints: { destructive: true, idempotent: true },
  input: z.strictObject({ name: nameSchema, confirm: z.string().max(300).describe('The name again.') }),
  output: z.object({ name: z.string(), phase: z.literal('deleting'), source_ref: z.string().optional(), ...listShape }),
  rights: [
    ...viewRights,
    { apiGroups: ['vibed.dev'], resources: ['artifacts'], verbs: ['delete'], why: 'delete_artifact' },
  ],
  run: async ({ name: asked, confirm }, context) => {
    const artifact = findArtifact(asked, context);
    const { name, uid } = artifact.metadata;
    if (context.services.tenancy.nameFor(context.caller.user, confirm) !== name)
      throw new Problem('InvalidInput', 'confirm is not the name of the artifact', {
        field: 'confirm',
        hint: `confirm: ${name}`,
      });
    refuseManagedByGit(artifact);
    const { storage, store } = context.services;
    const ref = artifact.spec.source.snapshot?.digest;
    if (ref !== undefined) await storage.refer({ namespace: context.owner, name }, ref);
    try {
      await store.delete({ namespace: context.namespace, name }, { ...(uid !== undefined && { uid }) });
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
    }
    const restore = {
      tool: 'deploy_artifact',
      args: { name, source_ref: ref },
      why: 'brings it back, for 7 days while there is room; env has to be given again',
    };
    return {
      name,
      phase: 'deleting' as const,
      ...(ref !== undefined && { source_ref: ref }),
      warnings: [],
      next: ref === undefined ? [] : [restore],
    };
  },
});

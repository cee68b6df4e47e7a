// Every capability, in the order in which tools/list shows them.
import type { Action } from './action.ts';
import { deleteArtifact } from './delete.ts';
import { deployArtifact } from './deploy.ts';
import { getArtifact, listArtifacts } from './get.ts';
import { getDeployGuide, listDeploymentTargets } from './guide.ts';
import { createUpload } from './uploads.ts';
import { waitForArtifact } from './wait.ts';

export const actions: readonly Action[] = [
  getDeployGuide,
  listDeploymentTargets,
  createUpload,
  deployArtifact,
  getArtifact,
  waitForArtifact,
  listArtifacts,
  deleteArtifact,
];

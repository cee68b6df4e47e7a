// Every capability, in the order in which tools/list shows them.
import type { Action } from './action.ts';
import { controlArtifact } from './control.ts';
import { deleteArtifact } from './delete.ts';
import { deployArtifact } from './deploy.ts';
import { getArtifact, listArtifacts } from './get.ts';
import { getDeployGuide, listDeploymentTargets } from './guide.ts';
import { invokeArtifact } from './invoke.ts';
import { getArtifactLogs } from './logs.ts';
import { getArtifactSource } from './source.ts';
import { updateArtifact } from './update.ts';
import { createUpload } from './uploads.ts';
import { diffVersions, listVersions, rollbackArtifact } from './versions.ts';
import { waitForArtifact } from './wait.ts';

export const actions: readonly Action[] = [
  getDeployGuide,
  listDeploymentTargets,
  createUpload,
  deployArtifact,
  updateArtifact,
  getArtifact,
  waitForArtifact,
  listArtifacts,
  getArtifactLogs,
  getArtifactSource,
  listVersions,
  diffVersions,
  rollbackArtifact,
  controlArtifact,
  invokeArtifact,
  deleteArtifact,
];

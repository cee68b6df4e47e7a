// The REST door: for each route the action it calls. The OpenAPI document is made from the same table, so neither can lie
// about the other.
import type { Action } from '../actions/action.ts';
import { controlArtifact } from '../actions/control.ts';
import { deleteArtifact } from '../actions/delete.ts';
import { deployArtifact } from '../actions/deploy.ts';
import { getArtifact, listArtifacts } from '../actions/get.ts';
import { getDeployGuide, listDeploymentTargets } from '../actions/guide.ts';
import { invokeArtifact } from '../actions/invoke.ts';
import { getArtifactLogs } from '../actions/logs.ts';
import { getArtifactSource } from '../actions/source.ts';
import { updateArtifact } from '../actions/update.ts';
import { createUpload } from '../actions/uploads.ts';
import { diffVersions, listVersions, rollbackArtifact } from '../actions/versions.ts';
import { waitForArtifact } from '../actions/wait.ts';

export interface Route {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** Express' spelling: `:name` is a member of the input, like everything in query and body. */
  readonly path: string;
  readonly action: Action;
}

export const routes: readonly Route[] = [
  { method: 'get', path: '/api/guide', action: getDeployGuide },
  { method: 'get', path: '/api/targets', action: listDeploymentTargets },
  { method: 'post', path: '/api/uploads', action: createUpload },
  { method: 'get', path: '/api/artifacts', action: listArtifacts },
  { method: 'post', path: '/api/artifacts', action: deployArtifact },
  { method: 'get', path: '/api/artifacts/:name', action: getArtifact },
  { method: 'patch', path: '/api/artifacts/:name', action: updateArtifact },
  { method: 'delete', path: '/api/artifacts/:name', action: deleteArtifact },
  { method: 'get', path: '/api/artifacts/:name/wait', action: waitForArtifact },
  { method: 'get', path: '/api/artifacts/:name/logs', action: getArtifactLogs },
  { method: 'get', path: '/api/artifacts/:name/source', action: getArtifactSource },
  { method: 'get', path: '/api/artifacts/:name/versions', action: listVersions },
  { method: 'get', path: '/api/artifacts/:name/diff', action: diffVersions },
  { method: 'post', path: '/api/artifacts/:name/rollback', action: rollbackArtifact },
  { method: 'post', path: '/api/artifacts/:name/control', action: controlArtifact },
  { method: 'post', path: '/api/artifacts/:name/invoke', action: invokeArtifact },
];

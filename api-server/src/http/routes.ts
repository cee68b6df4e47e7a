// The REST door: for each route the action it calls. The OpenAPI document is made from the same table, so neither can lie
// about the other.
import type { Action } from '../actions/action.ts';
import { deleteArtifact } from '../actions/delete.ts';
import { deployArtifact } from '../actions/deploy.ts';
import { getArtifact, listArtifacts } from '../actions/get.ts';
import { getDeployGuide, listDeploymentTargets } from '../actions/guide.ts';
import { createUpload } from '../actions/uploads.ts';
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
  { method: 'delete', path: '/api/artifacts/:name', action: deleteArtifact },
  { method: 'get', path: '/api/artifacts/:name/wait', action: waitForArtifact },
];

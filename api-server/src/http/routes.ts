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
  /** The chapter of the OpenAPI document that has it. */
  readonly tag: Tag;
}

export const tags = {
  guide: 'What can be deployed here, and how.',
  artifacts: 'Apps: deploy, read, change, delete.',
  sources: 'Files: send them, read them.',
  versions: 'Recorded states of an app.',
  operations: 'What an app does: its log, its answers, stop and start.',
  events: 'What happens, as it happens.',
} as const;
export type Tag = keyof typeof tags;

export const routes: readonly Route[] = [
  { method: 'get', path: '/api/guide', action: getDeployGuide, tag: 'guide' },
  { method: 'get', path: '/api/targets', action: listDeploymentTargets, tag: 'guide' },
  { method: 'post', path: '/api/uploads', action: createUpload, tag: 'sources' },
  { method: 'get', path: '/api/artifacts', action: listArtifacts, tag: 'artifacts' },
  { method: 'post', path: '/api/artifacts', action: deployArtifact, tag: 'artifacts' },
  { method: 'get', path: '/api/artifacts/:name', action: getArtifact, tag: 'artifacts' },
  { method: 'patch', path: '/api/artifacts/:name', action: updateArtifact, tag: 'artifacts' },
  { method: 'delete', path: '/api/artifacts/:name', action: deleteArtifact, tag: 'artifacts' },
  { method: 'get', path: '/api/artifacts/:name/wait', action: waitForArtifact, tag: 'events' },
  { method: 'get', path: '/api/artifacts/:name/logs', action: getArtifactLogs, tag: 'operations' },
  { method: 'get', path: '/api/artifacts/:name/source', action: getArtifactSource, tag: 'sources' },
  { method: 'get', path: '/api/artifacts/:name/versions', action: listVersions, tag: 'versions' },
  { method: 'get', path: '/api/artifacts/:name/diff', action: diffVersions, tag: 'versions' },
  { method: 'post', path: '/api/artifacts/:name/rollback', action: rollbackArtifact, tag: 'versions' },
  { method: 'post', path: '/api/artifacts/:name/control', action: controlArtifact, tag: 'operations' },
  { method: 'post', path: '/api/artifacts/:name/invoke', action: invokeArtifact, tag: 'operations' },
];

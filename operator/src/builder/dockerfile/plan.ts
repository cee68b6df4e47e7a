/** Which Dockerfile an artifact gets: an ordered, explained, pure decision. */
import type { BuildRequest, BuildSettings, PlanResult } from './model.ts';
import { fault } from './model.ts';
import type { SourceTree } from './source-tree.ts';

export type {
  BuildBases,
  BuildRequest,
  BuildSettings,
  DockerfilePlan,
  Language,
  PlanFailure,
  PlanFault,
  PlanResult,
  RequestedLanguage,
} from './model.ts';
export { appUid } from './model.ts';
export { type SourceTree, treeOf } from './source-tree.ts';

/** Plans the image of a source tree: first matching rule wins, a user's own Dockerfile before everything else. */
export function planDockerfile(_tree: SourceTree, _request: BuildRequest, _settings: BuildSettings): PlanResult {
  return fault('LanguageUnknown', 'no rule yet', 'name build.language');
}

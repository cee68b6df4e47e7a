/** A Dockerfile that the user wrote: honoured as it is, read only for what the deployer must know. */
import { localStateWarnings } from './local-state.ts';
import type { BuildRequest, LanguageRule, RecipeResult } from './model.ts';
import { fault } from './model.ts';
import { shown } from './shown.ts';
import { firstFile, hasFile, type SourceTree } from './source-tree.ts';
import { isPlain } from './steps.ts';

/** Trees that bring their own Dockerfile. */
export const userDockerfileRule: LanguageRule = {
  language: 'dockerfile',
  detect(tree, request) {
    const path = dockerfilePath(tree, request);
    return path === undefined ? undefined : `${shown(path)} is the user's own`;
  },
  recipe({ tree, request, why }): RecipeResult {
    const path = dockerfilePath(tree, request);
    if (path === undefined || !hasFile(tree, path)) return missing(request.dockerfile ?? 'Dockerfile');
    if (!isPlain(path))
      return fault(
        'PathUnsafe',
        `the Dockerfile's path ${shown(path)} has unusual characters`,
        'rename it to Dockerfile',
      );
    const stage = lastStage(tree.read(path) ?? '');
    const exposed = exposedPort(stage);
    return {
      ok: true,
      recipe: {
        language: 'dockerfile',
        why,
        how: { dockerfile: path },
        port: request.port ?? exposed ?? 8080,
        portWhy: portWhy(request, exposed),
        portFollowsEnv: true,
        user: 'image',
        warnings: [...rootWarning(stage), ...localStateWarnings(tree, [])],
        readOnlyRoot: false,
      },
    };
  },
};

/** The failure for a Dockerfile that was asked for and is not there. */
export function missing(path: string): RecipeResult {
  return fault(
    'DockerfileMissing',
    `there is no file ${shown(path)}`,
    'add the file, or leave build.dockerfile and build.language away',
  );
}

function dockerfilePath(tree: SourceTree, request: BuildRequest): string | undefined {
  if (request.dockerfile !== undefined) return request.dockerfile.replace(/^\.\//, '');
  return firstFile(tree, ['Dockerfile', 'Containerfile']);
}

function portWhy(request: BuildRequest, exposed: number | undefined): string {
  if (request.port !== undefined) return 'named by the user';
  return exposed === undefined ? 'the Dockerfile exposes no port: 8080 by convention' : 'EXPOSE in the Dockerfile';
}

/** The instructions after the last FROM, continued lines joined, comments dropped. */
function lastStage(text: string): string[] {
  const joined = text.replace(/^[ \t]*#.*\n?/gm, '').replace(/\\[ \t]*\r?\n/g, ' ');
  const lines = joined.split(/\r?\n/).map(line => line.trim());
  const from = lines.findLastIndex(line => /^FROM\s/i.test(line));
  return lines.slice(from + 1);
}

/** The first literal TCP port of the stage; a variable cannot be known before the build. */
function exposedPort(stage: readonly string[]): number | undefined {
  for (const line of stage) {
    const words = /^EXPOSE\s(.*)$/is.exec(line)?.[1]?.split(/\s+/) ?? [];
    for (const word of words) {
      const port = Number(/^(\d{1,5})(?:\/tcp)?$/i.exec(word)?.[1]);
      if (port >= 1 && port <= 65535) return port;
    }
  }
  return undefined;
}

function rootWarning(stage: readonly string[]): string[] {
  const user = stage.findLast(line => /^USER\s/i.test(line))?.replace(/^USER\s+/i, '');
  if (user !== undefined && !/^(?:root|0)(?::|$)/.test(user)) return [];
  return [
    'the Dockerfile names no USER: unless its base image does, the container would need root, which the cluster refuses',
  ];
}

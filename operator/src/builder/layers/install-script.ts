// What the install container runs: the steps of the generated build stage as one shell script, as a user without rights in the
// base image itself. Our own generator wrote every command in it, and names from a source tree are plain (instructions.ts).
import { posix } from 'node:path';
import type { Copy, Stage, Step } from '@vibed/recipe';
import { buildExit } from '../../build-pod/job.ts';
import type { CutStage } from './deps.ts';

/** Where things are in the install container. */
export const installPaths = {
  /** The source tree, read-only, and a kept stage to begin from. */
  source: '/workspace/app',
  restored: '/workspace/stage.tar',
  home: '/vibed/home',
  out: '/vibed/out',
  snapshot: '/vibed/out/stage.tar',
} as const;

/** Folders of the stage that are volumes: what is written there is there for the next container. */
export function stageFolders(build: Stage, copies: readonly Copy[]): string[] {
  const working = build.steps.flatMap(step => (step.do === 'workdir' ? [step.path] : []));
  const read = copies.flatMap(copy => copy.sources).filter(path => !isOfBase(path));
  return [...new Set([...working, ...read].map(path => `/${path.split('/')[1]}`))].sort();
}

/** Files that the base brings (certificates): copied out, because the next container is another image. */
const isOfBase = (path: string) => /^\/(?:etc|usr|lib)\//.test(path);
const outOfBase = (path: string) => `${installPaths.out}/base${path}`;

/** Where the next container finds a path of the stage, below the folder where the volumes are mounted. */
export const inVolumes = (path: string): string => (isOfBase(path) ? outOfBase(path) : path).replace(/\/$/, '');

export interface InstallScript {
  readonly stage: CutStage;
  readonly copies: readonly Copy[];
  readonly folders: readonly string[];
  /** Begin from a kept stage instead of installing. */
  readonly restores: boolean;
  /** Keep the stage after the dependencies, for the next version. */
  readonly keeps: boolean;
  /**
   * Names of the values that the build is given. Only what comes after the dependencies sees them: a kept stage then stays valid
   * whatever the values are, and a new address of an API installs nothing again.
   */
  readonly values: readonly string[];
  /** The most processes at once. */
  readonly processes: number;
}

export function installScript(plan: InstallScript): string {
  const { stage, copies, folders, restores, keeps, values, processes } = plan;
  const kept = [...folders, installPaths.home].map(folder => quoted(folder.slice(1))).join(' ');
  const workdirs = stage.dependencies.filter(step => step.do === 'workdir');
  const first = restores
    ? [`tar -xf ${installPaths.restored} -C /`, ...linesOf(workdirs)]
    : [...linesOf(stage.dependencies), ...(keeps ? [`(keep ${kept})`] : [])];
  const ofBase = copies.flatMap(copy => copy.sources).filter(isOfBase);
  const last = ofBase.flatMap(path => [
    `mkdir -p ${quoted(posix.dirname(outOfBase(path)))}`,
    `cp -L ${quoted(path)} ${quoted(outOfBase(path))}`,
  ]);
  return [head(processes), ...first, ...values.map(exported), ...linesOf(stage.build), ...last, ''].join('\n');
}

/** The variable of the install container that holds a value; vibeD alone sets variables of this prefix. */
export const valueVariable = (name: string): string => `VIBED_BUILD_ENV_${name}`;
/** A value is never part of the script: it is one word to the shell, whatever it holds. */
const exported = (name: string) => `export ${name}="$${valueVariable(name)}"`;

/** `sh` is dash, bash or busybox: they disagree on the name of this limit. */
const head = (processes: number) => `set -u
fail() {
  printf '{"ok":false,"step":"build","code":%d}' "$1" > /dev/termination-log
  exit ${buildExit.buildFailed}
}
run() {
  printf '+ %s\\n' "$1"
  sh -c "$1" || fail $?
}
# What is in the folders, and not they themselves: they are volumes, whose owner and times are not ours to set.
keep() {
  cd /
  count=$#
  for folder; do
    for entry in "$folder"/* "$folder"/.[!.]* "$folder"/..?*; do
      if [ -e "$entry" ] || [ -L "$entry" ]; then set -- "$@" "$entry"; fi
    done
  done
  shift "$count"
  tar -cf ${installPaths.snapshot} "$@"
}
ulimit -u ${processes} 2> /dev/null || ulimit -p ${processes} || fail 1
umask 022
export PATH=${installPath.join(':')}:$PATH
set -e
trap 'code=$?; [ $code -eq 0 ] || [ $code -eq ${buildExit.buildFailed} ] || fail $code' EXIT
mkdir -p ${installPaths.home}/.local/bin`;

function linesOf(steps: readonly Step[]): string[] {
  return steps.flatMap(step => {
    switch (step.do) {
      case 'workdir':
        return [`mkdir -p ${quoted(step.path)}`, `cd ${quoted(step.path)}`];
      case 'run':
        return [`run ${quoted(step.command)}`];
      case 'copy':
        return [copyLine(step)];
      case 'env':
        return [`export ${step.name}=${quoted(step.value)}`];
      default:
        throw new Error(`a build stage has no ${step.do}`);
    }
  });
}

function copyLine({ sources, target }: Copy): string {
  const from = sources.map(name =>
    quoted(name === '.' ? `${installPaths.source}/.` : `${installPaths.source}/${name}`),
  );
  return `cp -R ${from.join(' ')} ${quoted(target)}`;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Package managers keep their caches out of what is kept, and their own programs in it. */
export const installEnvironment: Readonly<Record<string, string>> = {
  HOME: installPaths.home,
  XDG_CACHE_HOME: '/tmp/cache',
  // Where pnpm has its store.
  XDG_DATA_HOME: '/tmp/data',
  npm_config_cache: '/tmp/npm',
  npm_config_prefix: `${installPaths.home}/npm`,
  npm_config_update_notifier: 'false',
  GOPATH: `${installPaths.home}/go`,
  GOCACHE: '/tmp/go',
  // Compiled Python is then valid by the content of its source, not by a time that a layer does not keep.
  SOURCE_DATE_EPOCH: '315532800',
};
export const installPath = [`${installPaths.home}/npm/bin`, `${installPaths.home}/.local/bin`];

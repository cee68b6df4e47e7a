/** The stages of an image with Deno in it. */
import type { DenoProject } from './deno-project.ts';
import { appUid, fault, type Refusal, runtimeFolder } from './model.ts';
import { shown } from './shown.ts';
import type { SourceTree } from './source-tree.ts';
import { copy, copyAll, copyBuilt, env, run, runtime, type Setting, type Step, workdir } from './steps.ts';

/** The newest release when this was written; a project may name another one. */
const pinned = '2.9.6';

export type DenoVersion = { readonly ok: true; readonly version: string; readonly why: readonly string[] } | Refusal;

/** The version that the project asks for. Deno is on npm since version 2. */
export function denoVersion(tree: SourceTree): DenoVersion {
  const usual = { ok: true, version: pinned, why: [`Deno ${pinned} runs it`] } as const;
  const file = ['.deno-version', '.dvmrc'].find(path => tree.read(path) !== undefined);
  const tools = /^deno\s{1,20}(\S{1,40})/m.exec(tree.read('.tool-versions') ?? '')?.[1];
  const asked = file === undefined ? tools : (tree.read(file) ?? '').trim().replace(/^v/, '');
  const source = file ?? '.tool-versions';
  if (asked === undefined || !/^\d{1,5}(?:\.\d{1,5}){0,2}$/.test(asked)) return usual;
  if (asked.startsWith('2.') || asked === '2')
    return { ok: true, version: asked, why: [`${source} asks for Deno ${asked}`] };
  return fault(
    'VersionUnavailable',
    `${source} asks for Deno ${shown(asked)}, and vibeD builds with Deno 2`,
    `change ${source} to a version of Deno 2, such as ${pinned}, or bring a Dockerfile`,
  );
}

/** Deno itself. What is called `deno` may be a script that starts the program, so the program is asked where it is. It moves, because a stage that is kept should hold it once. */
const keepDeno = run(
  'tool',
  `mkdir -p ${runtimeFolder} && mv "$(deno eval 'console.log(Deno.execPath())')" ${runtimeFolder}/deno && npm uninstall -g deno`,
);

/** What Deno has fetched: beside the application, so that it starts without a network. */
const cacheFolder = '/deno';
/** The registry of the site: of npm's settings Deno reads only the project's own .npmrc. */
const registry = 'NPM_CONFIG_REGISTRY="$(npm config get registry)"';

export interface DenoBuild {
  /** Run `deno task build`. */
  readonly build: boolean;
  /** What the running application needs: a site needs neither Deno nor what Deno has fetched. */
  readonly keeps?: {
    /** The file whose imports are fetched; unknown when it is empty. */
    readonly entry: string;
    readonly options: readonly string[];
  };
}

/** The stage that fetches and builds. */
export function denoBuild(project: DenoProject, version: string, { build, keeps }: DenoBuild): Step[] {
  const { manifests } = project;
  const kept = `PATH=${runtimeFolder}:$PATH DENO_DIR=${cacheFolder} ${registry}`;
  const settings = keeps === undefined ? registry : kept;
  const deno = (phase: 'install' | 'build', command: string) => run(phase, `${settings} ${command}`, command);
  const install = project.isConfigured ? [deno('install', 'deno install')] : [];
  return [
    workdir('/app'),
    run('tool', `npm install -g deno@${version}`),
    ...(keeps === undefined ? [] : [keepDeno]),
    // Fetched once for all sources with the same manifests.
    ...(manifests === undefined ? [copyAll, ...install] : [copy(manifests, './'), ...install, copyAll]),
    ...(build ? [deno('build', 'deno task build')] : []),
    ...(keeps === undefined || keeps.entry === ''
      ? []
      : [deno('build', ['deno', 'cache', ...keeps.options, keeps.entry].join(' '))]),
    // A project may have fetched nothing, and COPY wants the folder.
    ...(keeps === undefined ? [] : [run('build', `mkdir -p ${cacheFolder}`, '')]),
  ];
}

/** The stage that becomes the image. */
export function denoImage(port: number, command: Setting): Step[] {
  const variables = {
    DENO_DIR: cacheFolder,
    DENO_NO_UPDATE_CHECK: '1',
    NODE_ENV: 'production',
    HOME: '/tmp',
    HOST: '0.0.0.0',
    HOSTNAME: '0.0.0.0',
    PORT: port,
  };
  return [
    copyBuilt(`${runtimeFolder}/`, `${runtimeFolder}/`),
    copyBuilt(`${cacheFolder}/`, `${cacheFolder}/`, appUid),
    copyBuilt('/app/', '/app/', appUid),
    workdir('/app'),
    ...env({ PATH: `${runtimeFolder}:$PATH`, ...variables }),
    ...runtime(appUid, port),
    command,
  ];
}

// The server speaks to every kind of client in the names of its tools and their fields. People at a shell read commands and
// flags: one table for both.
import type { Problem } from './failures.ts';
import { quoted } from './terminal.ts';

type Args = Readonly<Record<string, unknown>>;

/** The value of an argument, or what stands for it in a usage. */
const word = (value: unknown, otherwise: string): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise;
const name = (args: Args) => word(args.name, 'NAME');
const flag = (flagName: string, value: unknown): string[] =>
  value === undefined ? [] : [`--${flagName}`, word(value, 'VALUE')];

/** Where the source of a deploy comes from. */
function sourceWords({ source_ref, git_url, git_ref, git_path, build_path, image }: Args): string[] {
  const named = [
    ...flag('source-ref', source_ref),
    ...flag('git', git_url),
    ...flag('ref', git_ref),
    ...flag('path', git_path),
    ...flag('image', image),
  ];
  const folder = git_path === undefined ? flag('path', build_path) : [];
  return [...(named.length === 0 ? ['FOLDER'] : named), ...folder];
}

/** What one types instead of calling a tool, from the arguments that the server suggests. */
export const commandWords: Readonly<Record<string, (args: Args) => readonly string[]>> = {
  get_deploy_guide: () => ['guide'],
  list_deployment_targets: () => ['targets'],
  create_upload: () => ['deploy', 'FOLDER'],
  deploy_artifact: args => ['deploy', ...sourceWords(args), ...flag('name', args.name)],
  update_artifact: args => ['update', name(args), ...sourceWords(args), ...flag('base', args.base_version)],
  get_artifact: args => ['get', name(args)],
  wait_for_artifact: args => ['wait', name(args), ...flag('version', args.version)],
  list_artifacts: () => ['list'],
  get_artifact_logs: args => ['logs', name(args), ...flag('kind', args.kind)],
  get_artifact_source: args => ['source', name(args), ...flag('version', args.version)],
  list_versions: args => ['versions', name(args)],
  diff_versions: args => ['diff', name(args), word(args.from, 'FROM'), word(args.to, 'TO')],
  rollback_artifact: args => ['rollback', name(args), word(args.version, 'VERSION')],
  control_artifact: args => ['control', name(args), word(args.action, 'ACTION')],
  invoke_artifact: args => ['invoke', name(args), word(args.path, 'PATH'), ...flag('method', args.method)],
  delete_artifact: args => ['delete', name(args)],
};

/** The flag for a field of a tool. */
export const flagOfField: Readonly<Record<string, string>> = {
  base_version: '--base',
  set_env: '--env',
  unset_env: '--unset-env',
  build_env: '--build-env',
  build_path: '--path',
  git_url: '--git',
  git_ref: '--ref',
  git_path: '--path',
  source_ref: '--source-ref',
  health_path: '--health-path',
  timeout_s: '--timeout',
};

/** The flag for a path within an artifact's spec. A path without a flag is shown as it is: kubectl sets it. */
export const flagOfPath: Readonly<Record<string, string>> = {
  'build.env': '--build-env',
  'build.path': '--path',
  'run.port': '--port',
  'run.health.path': '--health-path',
  'run.env': '--env',
  'run.scale.min': '--min',
  'run.scale.max': '--max',
  'source.git.url': '--git',
  'source.git.ref': '--ref',
  'source.git.path': '--path',
  'source.image.ref': '--image',
};
const pathInSpec = /^(?:spec\.)?((?:build|run|source)\..*)$/;

/** Fields whose flag has the same name. They are ordinary words, too: only where a message begins with one is it a field. */
const plainFields = 'port|min|max|image|env|kind|contains|confirm|method|version';
const plainField = new RegExp(
  `(?<=^|[;,] |InvalidInput: |change |send )(?:${plainFields})(?=:| is missing| as in |$)`,
  'g',
);

/** The command line for a call that the server suggests; undefined for a tool that this command does not know. */
export function commandLine({ tool, args = {} }: { tool: string; args?: Args | undefined }): string | undefined {
  const words = Object.hasOwn(commandWords, tool) ? commandWords[tool] : undefined;
  return words === undefined ? undefined : quoted(['vibed', ...words(args)]);
}

/** A sentence of the server in the words of this command. */
export function inCliWords(text: string): string {
  return text
    .replace(/\b(the|the same|same) call\b/g, '$1 command')
    .replace(
      /(\bcall )?((?<![\w.])(?:spec\.)?(?:build|run|source)(?:\.\w+)+|\w+)/g,
      (found: string, call = '', token: string) => {
        const line = commandLine({ tool: token });
        if (line !== undefined) return `${call === '' ? '' : 'run '}${line}`;
        const flagName = flagOf(token);
        return flagName === undefined ? found : call + flagName;
      },
    );
}

function flagOf(token: string): string | undefined {
  const [, path] = pathInSpec.exec(token) ?? [];
  const table = path === undefined ? flagOfField : flagOfPath;
  const key = path ?? token;
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** What the server says about a refusal: message, hint and the commands that help. */
export function problemText({ code, message, hint, next = [] }: Problem): string {
  const said = [`${code}: ${message}`, ...(hint === undefined ? [] : [hint])].map(inCliWords);
  const lines = code === 'InvalidInput' ? said.map(line => line.replace(plainField, '--$&')) : said;
  return [...lines, ...nextLines(next)].join('\n');
}

/** A line per suggested call. */
export function nextLines(next: Problem['next'] = []): string[] {
  return next.flatMap(({ tool, args, why }) => {
    const line = commandLine({ tool, args });
    if (line === undefined) return [];
    return [`next: ${line}${why === undefined ? '' : `  (${inCliWords(why)})`}`];
  });
}

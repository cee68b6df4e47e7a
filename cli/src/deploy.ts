// `vibed deploy` and `vibed update`: a source becomes an artifact, or the next version of one.
import { limits, namePattern } from '@vibed/crds';
import { z } from 'zod';
import { type Invocation, numberFlag, pathOf, serverCommand, textFlag, textsFlag } from './command.ts';
import { Refused, UsageError } from './failures.ts';
import { folderPath, originOf, originOptions } from './origin.ts';
import { envOf, settingOptions, settingsOf } from './settings.ts';
import { quoted } from './terminal.ts';
import { follow, waitOptions } from './written.ts';

const pathOption = { type: 'string', value: 'PATH', about: 'the folder of the source that holds the app' } as const;

/** What one types at a shell: `./web/` is the folder `web`. */
function pathField(local: Pick<Invocation, 'flags'>): { build_path?: string } {
  const path = textFlag(local, 'path');
  return path === undefined ? {} : { build_path: folderPath(path) };
}

export const deploy = serverCommand({
  name: 'deploy',
  summary: 'deploy a folder, a git repository or an image, or make it the next version of the app of that name',
  words: '[folder]',
  examples: [
    'vibed deploy',
    'vibed deploy site --name my-site --wait',
    'vibed deploy --path frontend --build-env VITE_API_URL=https://api.example.com',
    'vibed deploy --git https://git.example.com/team/shop --ref v2 --path web',
    `vibed deploy --image registry.example.com/team/shop@sha256:${'0'.repeat(12)}… --name shop`,
  ],
  options: {
    name: { type: 'string', value: 'NAME', about: 'made of the folder, repository or image unless given' },
    git: { type: 'string', value: 'URL', about: 'an https repository instead of a folder' },
    ref: {
      type: 'string',
      value: 'REF',
      about: 'with --git: a branch, tag or commit; the default branch unless given',
    },
    path: pathOption,
    ...originOptions,
    ...settingOptions,
    ...waitOptions,
  },
  run: async invocation => {
    const { args, flags } = invocation;
    if (flags.git === undefined && flags.ref !== undefined)
      throw new UsageError('--ref is given without --git', 'vibed deploy --git URL --ref …');
    if (flags.image !== undefined && flags.path !== undefined)
      throw new UsageError('--path is given with --image: nothing is built from an image', 'remove one of them');
    const origin = originOf(args.folder, invocation) ?? originOf('.', invocation);
    const name = nameFor(textFlag(invocation, 'name'), origin?.title ?? '');
    // Of git it is part of the source: no more than that folder is fetched.
    const settings = { ...settingsOf(invocation), ...(flags.git === undefined && pathField(invocation)) };
    const env = envOf(invocation);
    const source = (await origin?.fields()) ?? {};
    return await follow(await write({ name, settings, env, source }, invocation), invocation);
  },
});

export const update = serverCommand({
  name: 'update',
  summary: 'make the next version of an app: another source, other settings',
  words: '<name> [folder]',
  examples: [
    'vibed update my-app . --wait',
    'vibed update my-app --env GREETING=hello --unset-env OLD',
    'vibed update my-app --ref v3',
  ],
  options: {
    ref: { type: 'string', value: 'REF', about: 'of an app that comes from git: another branch, tag or commit' },
    'git-ref': { type: 'string', value: 'REF', about: 'the same as --ref' },
    path: pathOption,
    ...originOptions,
    'unset-env': {
      type: 'string',
      multiple: true,
      value: 'KEY',
      about: 'take a variable, or a value of the build, away',
    },
    base: { type: 'string', value: 'N', about: 'refuse when the app is at another version by now' },
    ...settingOptions,
    ...waitOptions,
  },
  run: async invocation => {
    const { args, api } = invocation;
    const settings = { ...settingsOf(invocation), ...pathField(invocation) };
    const env = envOf(invocation);
    const unset = textsFlag(invocation, 'unset-env');
    const gitRef = textFlag(invocation, 'ref') ?? textFlag(invocation, 'git-ref');
    const base = numberFlag(invocation, 'base');
    const origin = originOf(args.folder, invocation);
    if (origin !== undefined && gitRef !== undefined)
      throw new UsageError('--ref is given together with another source', 'name one source');
    const change = {
      ...settings,
      ...(env !== undefined && { set_env: env }),
      ...(unset.length > 0 && { unset_env: unset }),
      ...(gitRef !== undefined && { git_ref: gitRef }),
      ...(await origin?.fields()),
    };
    if (Object.keys(change).length === 0)
      throw new UsageError('nothing is to be changed', 'give a folder or a setting: vibed update --help');
    const base_version = base ?? (await versionOf(args.name, invocation));
    return await follow(await api.send('PATCH', pathOf(args.name), { base_version, ...change }), invocation);
  },
});

/** The name given, or one made of the title of the source. */
export function nameFor(given: string | undefined, title: string): string {
  const name =
    given ??
    title
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+/, '')
      .slice(0, limits.nameLength)
      .replace(/-+$/, '');
  if (name.length <= limits.nameLength && namePattern.test(name)) return name;
  const rule = `at most ${limits.nameLength} lowercase letters, digits and "-", beginning with a letter`;
  if (given !== undefined) throw new UsageError(`--name: ${rule}`);
  const why = title === '' ? 'the app has no name' : `no name can be made of ${title}`;
  throw new UsageError(why, `give --name: ${rule}`);
}

const versionSchema = z.looseObject({ version: z.int() });
const versionOf = async (name: string, { api }: Invocation): Promise<number> =>
  versionSchema.parse(await api.get(pathOf(name))).version;

interface Wanted {
  readonly name: string;
  readonly settings: Record<string, unknown>;
  readonly env: Record<string, string> | undefined;
  readonly source: Record<string, unknown>;
}

/** Creates it; where the name is taken, the source becomes the next version, without being sent again. */
async function write({ name, settings, env, source }: Wanted, invocation: Invocation): Promise<unknown> {
  const { api } = invocation;
  try {
    return await api.send('POST', '/api/artifacts', { name, ...source, ...settings, ...(env && { env }) });
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.code !== 'NameTaken') throw error;
    const { source_ref, next = [] } = error.problem;
    const base = next.find(({ tool }) => tool === 'update_artifact')?.args?.base_version;
    const base_version = base ?? (await versionOf(name, invocation));
    const again = source_ref === undefined ? await nextSource(name, source, invocation) : { source_ref };
    return await api.send('PATCH', pathOf(name), { base_version, ...again, ...settings, ...(env && { set_env: env }) });
  }
}

const gitSchema = z.looseObject({ source: z.looseObject({ git_url: z.string().optional() }).optional() });

/** The source as an update takes it: of a git repository, the ref alone can change. */
async function nextSource(
  name: string,
  source: Record<string, unknown>,
  { api }: Invocation,
): Promise<Record<string, unknown>> {
  const { git_url, git_ref, git_path } = source;
  if (git_url === undefined) return source;
  const present = gitSchema.parse(await api.get(pathOf(name))).source?.git_url;
  if (present === git_url && git_ref !== undefined && git_path === undefined) return { git_ref };
  const here = present === undefined ? 'does not come from git' : `comes from ${present}`;
  const other = `another repository or path needs another name: ${quoted(['vibed', 'deploy', '--git', String(git_url)])} --name NAME`;
  throw new UsageError(
    `the app ${name} exists and ${here}`,
    present === undefined ? other : `${quoted(['vibed', 'update', name])} --ref REF changes the ref; ${other}`,
  );
}

// `vibed deploy` and `vibed update`: a folder becomes an artifact, or the next version of one.
import { basename, resolve } from 'node:path';
import { limits, namePattern } from '@vibed/crds';
import { z } from 'zod';
import { type Invocation, numberFlag, pathOf, serverCommand, textFlag, textsFlag } from './command.ts';
import { Refused, UsageError } from './failures.ts';
import { asArchive, asInput, isSmall, readFolder } from './folder.ts';
import { envOf, settingOptions, settingsOf } from './settings.ts';
import { follow, waitOptions } from './written.ts';

export const deploy = serverCommand({
  name: 'deploy',
  summary: 'put a folder on the web, or make it the next version of the app of that name',
  words: '[folder]',
  options: {
    name: { type: 'string', value: 'NAME', about: 'the folder’s unless given' },
    ...settingOptions,
    ...waitOptions,
  },
  run: async invocation => {
    const folder = resolve(invocation.terminal.cwd, invocation.args.folder ?? '.');
    const name = nameFor(textFlag(invocation, 'name'), folder);
    const settings = settingsOf(invocation);
    const env = envOf(invocation);
    const source = await sourceOf(folder, invocation);
    return await follow(await write({ name, settings, env, source }, invocation), invocation);
  },
});

export const update = serverCommand({
  name: 'update',
  summary: 'make the next version of an app: another folder, other settings',
  words: '<name> [folder]',
  options: {
    'git-ref': { type: 'string', value: 'REF', about: 'of an app that comes from git' },
    'unset-env': { type: 'string', multiple: true, value: 'KEY', about: 'take an environment variable away' },
    base: { type: 'string', value: 'N', about: 'refuse when the app is at another version by now' },
    ...settingOptions,
    ...waitOptions,
  },
  run: async invocation => {
    const { args, api, terminal } = invocation;
    const settings = settingsOf(invocation);
    const env = envOf(invocation);
    const unset = textsFlag(invocation, 'unset-env');
    const gitRef = textFlag(invocation, 'git-ref');
    const base = numberFlag(invocation, 'base');
    const folder = args.folder === undefined ? undefined : resolve(terminal.cwd, args.folder);
    const change = {
      ...settings,
      ...(env !== undefined && { set_env: env }),
      ...(unset.length > 0 && { unset_env: unset }),
      ...(gitRef !== undefined && { git_ref: gitRef }),
      ...(folder !== undefined && (await sourceOf(folder, invocation))),
    };
    if (Object.keys(change).length === 0)
      throw new UsageError('nothing is to be changed', 'give a folder or a setting: vibed update --help');
    const base_version = base ?? (await versionOf(args.name, invocation));
    return await follow(await api.send('PATCH', pathOf(args.name), { base_version, ...change }), invocation);
  },
});

/** The name given, or one made of the folder's. */
export function nameFor(given: string | undefined, folder: string): string {
  const name =
    given ??
    basename(folder)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+/, '')
      .slice(0, limits.nameLength)
      .replace(/-+$/, '');
  if (name.length <= limits.nameLength && namePattern.test(name)) return name;
  const rule = `at most ${limits.nameLength} lowercase letters, digits and "-", beginning with a letter`;
  throw new UsageError(
    given === undefined ? `no name can be made of ${folder}` : `--name: ${rule}`,
    `give --name: ${rule}`,
  );
}

async function sourceOf(folder: string, { api, terminal }: Invocation): Promise<Record<string, unknown>> {
  const files = await readFolder(folder);
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  terminal.err(`sending ${files.length} files, ${Math.ceil(bytes / 1024)} KiB`);
  return isSmall(files) ? { files: asInput(files) } : { source_ref: await api.upload(await asArchive(files)) };
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

/** Creates it; where the name is taken, what was sent is stored already and becomes the next version. */
async function write({ name, settings, env, source }: Wanted, invocation: Invocation): Promise<unknown> {
  const { api } = invocation;
  try {
    return await api.send('POST', '/api/artifacts', { name, ...source, ...settings, ...(env && { env }) });
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.code !== 'NameTaken') throw error;
    const { source_ref, next = [] } = error.problem;
    const base = next.find(({ tool }) => tool === 'update_artifact')?.args?.base_version;
    const base_version = base ?? (await versionOf(name, invocation));
    const again = source_ref === undefined ? source : { source_ref };
    return await api.send('PATCH', pathOf(name), { base_version, ...again, ...settings, ...(env && { set_env: env }) });
  }
}

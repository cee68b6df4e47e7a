// `vibed deploy`: a folder becomes an artifact, or the next version of the one that has its name.
import { basename, resolve } from 'node:path';
import { limits, namePattern } from '@vibed/crds';
import { z } from 'zod';
import { answer, type Command, type Invocation, numberIn, pathOf, textFlag } from './command.ts';
import { Refused, UsageError } from './failures.ts';
import { asArchive, asInput, isSmall, readFolder } from './folder.ts';
import { printable } from './terminal.ts';
import { waitFor } from './wait.ts';

const deployedSchema = z.looseObject({
  name: z.string(),
  version: z.int(),
  phase: z.string(),
  url: z.string().optional(),
  changed: z.boolean().optional(),
  warnings: z.array(z.string()).default([]),
});

export const deploy: Command = {
  name: 'deploy',
  summary: 'put a folder on the web, or make it the next version of the app of that name',
  usage: '[folder] [--name NAME] [--wait [--timeout SECONDS]]',
  options: { name: { type: 'string' }, wait: { type: 'boolean' }, timeout: { type: 'string' } },
  words: [0, 1],
  run: async invocation => {
    const { args, flags, terminal } = invocation;
    const timeoutSeconds = numberIn(textFlag(invocation, 'timeout') ?? '900', '--timeout');
    const folder = resolve(terminal.cwd, args[0] ?? '.');
    const name = nameFor(textFlag(invocation, 'name'), folder);
    const source = await sourceOf(folder, invocation);
    const body = await write(name, source, invocation);
    const written = deployedSchema.parse(body);
    for (const warning of written.warnings) terminal.err(`warning: ${printable(warning)}`);
    const told = `${written.name} version ${written.version}: ${written.changed === false ? 'unchanged, ' : ''}${written.phase}`;
    if (flags.wait !== true) return answer(invocation, body, () => told);
    terminal.err(told);
    return await waitFor({ name: written.name, version: written.version, timeoutSeconds }, invocation);
  },
};

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

/** Creates it; where the name is taken, what was sent is stored already and becomes the next version. */
async function write(name: string, source: Record<string, unknown>, { api }: Invocation): Promise<unknown> {
  try {
    return await api.send('POST', '/api/artifacts', { name, ...source });
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.code !== 'NameTaken') throw error;
    const { source_ref, next = [] } = error.problem;
    const base = next.find(({ tool }) => tool === 'update_artifact')?.args?.base_version;
    const base_version = base ?? deployedSchema.parse(await api.get(pathOf(name))).version;
    const again = source_ref === undefined ? source : { source_ref };
    return await api.send('PATCH', pathOf(name), { base_version, ...again });
  }
}

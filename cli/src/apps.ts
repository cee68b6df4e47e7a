// The commands that look at apps and steer them; each is one call of the API.
import { z } from 'zod';
import { answer, type Command, type Invocation, numberIn, pathOf, textFlag } from './command.ts';
import { exitCodes, UsageError } from './failures.ts';
import { printable, table } from './terminal.ts';
import { failureText } from './wait.ts';

const artifactSchema = z.looseObject({
  name: z.string(),
  phase: z.string(),
  version: z.int().optional(),
  url: z.string().optional(),
  target: z.string().optional(),
  failure: z.looseObject({ reason: z.string() }).optional(),
  warnings: z.array(z.string()).optional(),
});
const listSchema = z.looseObject({
  artifacts: z.array(artifactSchema.extend({ serving: z.int().optional(), reason: z.string().optional() })),
  cursor: z.string().optional(),
});
const versionsSchema = z.looseObject({
  versions: z.array(
    z.looseObject({
      version: z.int(),
      created: z.string().optional(),
      language: z.string().optional(),
      serving: z.boolean().optional(),
    }),
  ),
});
const diffSchema = z.looseObject({
  files: z.array(z.looseObject({ path: z.string(), change: z.string() })),
  patch: z.string(),
  truncated: z.boolean(),
  settings: z.array(z.string()),
});

const first = ({ args }: Invocation): string => args[0] ?? '';

/** Name, version, phase and URL in a line. */
function lineOf(body: unknown): string {
  const { name, version, phase, url } = artifactSchema.parse(body);
  const parts = [name, version === undefined ? undefined : `version ${version}`, phase, url];
  return printable(parts.filter(part => part !== undefined).join('  '));
}

export const list: Command = {
  name: 'list',
  summary: 'your apps',
  usage: '',
  words: [0, 0],
  run: async invocation => {
    const all: unknown[] = [];
    let body: z.output<typeof listSchema>;
    let cursor: string | undefined;
    do {
      body = listSchema.parse(await invocation.api.get('/api/artifacts', { limit: 200, cursor }));
      all.push(...body.artifacts);
      cursor = body.cursor;
    } while (cursor !== undefined);
    const rows = listSchema.shape.artifacts
      .parse(all)
      .map(({ name, phase, version, serving, reason, url }) => [name, phase, version, serving, reason, url]);
    const { cursor: _, ...last } = body;
    return answer(invocation, { ...last, artifacts: all }, () =>
      table(['NAME', 'PHASE', 'VERSION', 'SERVING', 'REASON', 'URL'], rows),
    );
  },
};

export const get: Command = {
  name: 'get',
  summary: 'how an app is; why it failed',
  usage: '<name>',
  words: [1, 1],
  run: async invocation => {
    const body = await invocation.api.get(pathOf(first(invocation)));
    const { failure, warnings = [] } = artifactSchema.parse(body);
    const lines = [lineOf(body), ...warnings.map(text => `warning: ${printable(text)}`)];
    return answer(invocation, body, () =>
      [...lines, ...(failure === undefined ? [] : [failureText(failure)])].join('\n'),
    );
  },
};

export const versions: Command = {
  name: 'versions',
  summary: 'the versions that can be gone back to',
  usage: '<name>',
  words: [1, 1],
  run: async invocation => {
    const body = await invocation.api.get(pathOf(first(invocation), '/versions'));
    const rows = versionsSchema
      .parse(body)
      .versions.map(({ version, created, language, serving }) => [
        version,
        created,
        language,
        serving === true ? 'serving' : '',
      ]);
    return answer(invocation, body, () => table(['VERSION', 'CREATED', 'LANGUAGE', ''], rows));
  },
};

export const diff: Command = {
  name: 'diff',
  summary: 'what changed from one version to another, or to now',
  usage: '<name> <from> [to]',
  words: [2, 3],
  run: async invocation => {
    const [name = '', from = '', to] = invocation.args;
    const query = { from: numberIn(from, 'from'), to: to === undefined ? undefined : numberIn(to, 'to') };
    const body = await invocation.api.get(pathOf(name, '/diff'), query);
    const { files, patch, truncated, settings } = diffSchema.parse(body);
    const lines = [...settings, ...files.map(file => `${file.change} ${file.path}`), patch.trimEnd()];
    const end = truncated ? ['(the patch goes on)'] : [];
    return answer(invocation, body, () => printable([...lines, ...end].filter(line => line !== '').join('\n')));
  },
};

export const rollback: Command = {
  name: 'rollback',
  summary: 'make an earlier version the present one',
  usage: '<name> <version>',
  words: [2, 2],
  run: async invocation => {
    const [name = '', version = ''] = invocation.args;
    const body = await invocation.api.send('POST', pathOf(name, '/rollback'), {
      version: numberIn(version, 'version'),
    });
    return answer(invocation, body, () => lineOf(body));
  },
};

const verbs = ['retry', 'suspend', 'resume', 'cancel_build'];

export const control: Command = {
  name: 'control',
  summary: 'build again, stop or start an app, or give up a build',
  usage: `<name> <${verbs.join('|')}>`,
  words: [2, 2],
  run: async invocation => {
    const [name = '', action = ''] = invocation.args;
    if (!verbs.includes(action)) throw new UsageError(`${action} is none of ${verbs.join(', ')}`);
    const body = await invocation.api.send('POST', pathOf(name, '/control'), { action });
    return answer(invocation, body, () => lineOf(body));
  },
};

export const remove: Command = {
  name: 'delete',
  summary: 'delete an app; its name has to be said again',
  usage: '<name> --confirm <name>',
  options: { confirm: { type: 'string' } },
  words: [1, 1],
  run: async invocation => {
    const { api, terminal } = invocation;
    const name = first(invocation);
    const confirm = textFlag(invocation, 'confirm') ?? (await terminal.ask?.(`type ${name} to delete it: `));
    if (confirm !== name) throw new UsageError('nothing was deleted: the name was not said again', `--confirm ${name}`);
    const body = await api.send('DELETE', pathOf(name), { confirm });
    const { source_ref } = z.looseObject({ source_ref: z.string().optional() }).parse(body);
    const kept = source_ref === undefined ? '' : `; its source is kept for 7 days as ${source_ref}`;
    return answer(invocation, body, () => printable(`${name} is being deleted${kept}`));
  },
};

export const open: Command = {
  name: 'open',
  summary: 'open an app in the browser',
  usage: '<name>',
  words: [1, 1],
  run: async invocation => {
    const { api, terminal } = invocation;
    const body = await api.get(pathOf(first(invocation)));
    const { url, name, phase } = artifactSchema.parse(body);
    if (url === undefined || !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      terminal.err(`${name} has no URL: ${phase}`);
      return exitCodes.appFailed;
    }
    terminal.openUrl(url);
    return answer(invocation, body, () => url);
  },
};

// The commands that look at apps and steer them. Most are one call of the API: a new one is one literal here.
import { z } from 'zod';
import { inCliWords } from './cli-words.ts';
import { answer, type Command, numberIn, oneCall, pathOf, serverCommand, textFlag } from './command.ts';
import { exitCodes, UsageError } from './failures.ts';
import { quoted, table } from './terminal.ts';
import { failureText } from './wait.ts';
import { follow, waitOptions } from './written.ts';

const artifactSchema = z.looseObject({
  name: z.string(),
  phase: z.string(),
  version: z.int().optional(),
  url: z.string().optional(),
  failure: z.looseObject({ reason: z.string() }).optional(),
  warnings: z.array(z.string()).default([]),
});
type Artifact = z.output<typeof artifactSchema>;

const listSchema = z.looseObject({
  artifacts: z.array(artifactSchema.extend({ serving: z.int().optional(), reason: z.string().optional() })),
  cursor: z.string().optional(),
  warnings: z.array(z.string()).default([]),
});

/** Name, version, phase and URL in a line. */
function lineOf({ name, version, phase, url }: Artifact): string {
  const parts = [name, version === undefined ? undefined : `version ${version}`, phase, url];
  return parts.filter(part => part !== undefined).join('  ');
}

export const appCommands: readonly Command[] = [
  serverCommand({
    name: 'list',
    summary: 'your apps',
    words: '',
    examples: ['vibed list', 'vibed list --json'],
    run: async invocation => {
      const all: z.output<typeof listSchema>['artifacts'] = [];
      const warnings = new Set<string>();
      let page: z.output<typeof listSchema>;
      let cursor: string | undefined;
      do {
        page = listSchema.parse(await invocation.api.get('/api/artifacts', { limit: 200, cursor }));
        all.push(...page.artifacts);
        for (const warning of page.warnings) warnings.add(warning);
        cursor = page.cursor;
      } while (cursor !== undefined);
      const rows = all.map(app => [app.name, app.phase, app.version, app.serving, app.reason, app.url]);
      const { cursor: _, ...last } = page;
      for (const warning of warnings) invocation.terminal.err(`warning: ${inCliWords(warning)}`);
      return answer(invocation, { ...last, warnings: [...warnings], artifacts: all }, () =>
        table(['NAME', 'PHASE', 'VERSION', 'SERVING', 'REASON', 'URL'], rows),
      );
    },
  }),

  oneCall({
    name: 'get',
    summary: 'how an app is; why it failed',
    words: '<name>',
    examples: ['vibed get my-app', 'vibed get https://my-app.example.com --json'],
    call: ({ args }) => ({ path: pathOf(args.name) }),
    schema: artifactSchema,
    tell: app => {
      const warnings = app.warnings.map(text => `warning: ${inCliWords(text)}`);
      return [lineOf(app), ...warnings, ...(app.failure === undefined ? [] : [failureText(app.failure)])].join('\n');
    },
  }),

  oneCall({
    name: 'versions',
    summary: 'the versions that can be gone back to',
    words: '<name>',
    examples: ['vibed versions my-app'],
    call: ({ args }) => ({ path: pathOf(args.name, '/versions') }),
    schema: z.looseObject({
      versions: z.array(
        z.looseObject({
          version: z.int(),
          created: z.string().optional(),
          language: z.string().optional(),
          serving: z.boolean().optional(),
        }),
      ),
    }),
    tell: ({ versions }) => {
      const rows = versions.map(each => [
        each.version,
        each.created,
        each.language,
        each.serving === true ? 'serving' : '',
      ]);
      return table(['VERSION', 'CREATED', 'LANGUAGE', ''], rows);
    },
  }),

  oneCall({
    name: 'diff',
    summary: 'what changed from one version to another, or to now',
    words: '<name> <from> [to]',
    examples: ['vibed diff my-app 3', 'vibed diff my-app 3 4'],
    call: ({ args: { name, from, to } }) => ({
      path: pathOf(name, '/diff'),
      query: { from: numberIn(from, 'from'), to: to === undefined ? undefined : numberIn(to, 'to') },
    }),
    schema: z.looseObject({
      files: z.array(z.looseObject({ path: z.string(), change: z.string() })),
      patch: z.string(),
      truncated: z.boolean(),
      settings: z.array(z.string()),
    }),
    tell: ({ files, patch, truncated, settings }) => {
      const lines = [...settings, ...files.map(file => `${file.change} ${file.path}`), patch.trimEnd()];
      const end = truncated ? ['(the patch goes on)'] : [];
      return [...lines, ...end].filter(line => line !== '').join('\n');
    },
  }),

  serverCommand({
    name: 'rollback',
    summary: 'make an earlier version the present one',
    words: '<name> <version>',
    examples: ['vibed rollback my-app 3 --wait'],
    options: waitOptions,
    run: async invocation => {
      const { name, version } = invocation.args;
      const body = { version: numberIn(version, 'version') };
      return await follow(await invocation.api.send('POST', pathOf(name, '/rollback'), body), invocation);
    },
  }),

  oneCall({
    name: 'control',
    summary: 'retry, restart, suspend, resume or cancel_build',
    words: '<name> <action>',
    choices: { action: ['retry', 'restart', 'suspend', 'resume', 'cancel_build'] },
    examples: ['vibed control my-app restart', 'vibed control my-app suspend'],
    call: ({ args: { name, action } }) => ({ method: 'POST', path: pathOf(name, '/control'), body: { action } }),
    schema: artifactSchema,
    tell: lineOf,
  }),

  oneCall({
    name: 'delete',
    summary: 'delete an app; its name has to be said again',
    words: '<name>',
    examples: ['vibed delete my-app --confirm my-app'],
    options: { confirm: { type: 'string', value: 'NAME', about: 'the name again; asked for at a terminal' } },
    call: async ({ args: { name }, flags, terminal }) => {
      const confirm = textFlag({ flags }, 'confirm') ?? (await terminal.ask?.(`type ${name} to delete it: `));
      if (confirm !== name)
        throw new UsageError('nothing was deleted: the name was not said again', `--confirm ${name}`);
      return { method: 'DELETE', path: pathOf(name), body: { confirm } };
    },
    schema: z.looseObject({ name: z.string(), source_ref: z.string().optional() }),
    tell: ({ name, source_ref }) => {
      const again = quoted(['vibed', 'deploy', '--source-ref', source_ref ?? '', '--name', name]);
      const kept = source_ref === undefined ? '' : `; its source is kept for 7 days as ${source_ref}: ${again}`;
      return `${name} is being deleted${kept}`;
    },
  }),

  serverCommand({
    name: 'open',
    summary: 'open an app in the browser',
    words: '<name>',
    examples: ['vibed open my-app'],
    run: async invocation => {
      const { api, args, terminal } = invocation;
      const body = await api.get(pathOf(args.name));
      const { url, name, phase } = artifactSchema.parse(body);
      if (url === undefined || !/^https?:\/\//.test(url) || !URL.canParse(url)) {
        terminal.err(`${name} has no URL: ${phase}`);
        return exitCodes.appFailed;
      }
      terminal.openUrl(url);
      return answer(invocation, body, () => url);
    },
  }),
];

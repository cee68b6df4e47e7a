import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { restDouble, vibed } from './api.testing.ts';
import { commandLine, commandWords, flagOfField, flagOfPath, inCliWords, problemText } from './cli-words.ts';
import { commands } from './commands.ts';
import { Refused } from './failures.ts';
import { parsed } from './parse.ts';

const golden = new URL('../../api-server/src/mcp/goldens/tools.yaml', import.meta.url);
const toolsSchema = z.array(
  z.looseObject({
    name: z.string(),
    inputSchema: z.looseObject({ properties: z.record(z.string(), z.looseObject({})) }),
  }),
);
const tools = toolsSchema.parse(parse(readFileSync(golden, 'utf8')));
const toolNames = tools.map(({ name }) => name);

/** Fields of a call that a person at a shell has no word for, each with its reason. */
const withoutFlag: Readonly<Record<string, string>> = {
  files: 'a folder',
  changed: 'a folder',
  deleted: 'a folder',
  edits: 'a folder',
  language: 'found in the folder',
  build_path: 'deploy that folder',
  target: 'chosen by the server',
  secrets: 'kubectl',
  idempotency_key: 'a deploy finds the app by its name',
  dry_run: 'not offered',
  cursor: 'vibed list reads every page',
  limit: 'vibed list reads every page',
  lines: 'vibed logs asks for enough',
  offset: 'vibed source --out writes whole files',
  path: 'vibed source --out writes every file',
  max_bytes: 'vibed invoke asks for all',
  context: 'vibed diff prints the whole patch',
};

/** Arguments as the server might suggest them, a value for each field. */
const suggested: Readonly<Record<string, unknown>> = {
  name: "my app's",
  version: 3,
  from: 1,
  to: 2,
  action: 'retry',
  path: '/a b',
  method: 'POST',
  kind: 'build',
  base_version: 4,
  source_ref: 'sha256:aa',
  confirm: 'x',
};

describe('every tool of the server', () => {
  it.each(toolNames)('%s is a command line that this command understands', name => {
    for (const args of [{}, suggested]) {
      const words = commandWords[name]?.(args).map(word => (/^(FROM|TO|VERSION)$/.test(word) ? '1' : word)) ?? [];
      const [first = '', ...rest] = words.map(word => (word === 'ACTION' ? 'retry' : word));
      const command = commands.find(each => each.name === first);
      expect([name, command?.name]).toEqual([name, first]);
      if (command !== undefined) parsed(command, rest);
    }
  });

  it.each(tools.map(({ name, inputSchema }) => ({ name, fields: Object.keys(inputSchema.properties) })))(
    'every field of $name is a word or a flag, or is known to be neither',
    ({ name, fields }) => {
      const [first = ''] = commandWords[name]?.({}) ?? [];
      const { words = '', options = {} } = commands.find(each => each.name === first) ?? {};
      const isSaid = (field: string) =>
        words.split(/[^a-z]+/).includes(field) ||
        (flagOfField[field] ?? `--${field}`).slice(2) in options ||
        Object.keys(options).some(flag => flag === field.replace(/s$/, '') || (field === 'body' && flag === 'data')) ||
        field in withoutFlag;
      expect(fields.filter(field => !isSaid(field))).toEqual([]);
    },
  );

  it('knows no tool that the server has not', () => {
    expect(Object.keys(commandWords).sort()).toEqual([...toolNames].sort());
  });
});

describe('what the server says', () => {
  const paths = Object.keys(flagOfPath).flatMap(path => [path, `spec.${path}`]);
  it.each([...toolNames, ...Object.keys(flagOfField), ...paths])('does not show %s, wherever it stands', word => {
    for (const said of [word, `see ${word}.`, `call ${word}, then`, `(${word})`, `the ${word}: x`])
      expect(inCliWords(said)).not.toMatch(new RegExp(`(?<![\\w.])${word.replaceAll('.', '\\.')}(?!\\w)`));
  });

  it.each([
    ['mend the source with update_artifact, or retry', 'mend the source with vibed update NAME FOLDER, or retry'],
    ['Answers at once; then call wait_for_artifact.', 'Answers at once; then run vibed wait NAME.'],
    ['list_artifacts tells which names exist', 'vibed list tells which names exist'],
    ['git_ref and git_path belong to git_url', '--ref and --path belong to --git'],
    ['repeat the call in a few seconds', 'repeat the command in a few seconds'],
    ['nothing was lost: repeat the same call', 'nothing was lost: repeat the same command'],
    ['Set spec.run.port to 3000.', 'Set --port to 3000.'],
    ['in spec.run.health.path, or run.scale.min', 'in --health-path, or --min'],
    ['Raise spec.run.resources.memory.', 'Raise spec.run.resources.memory.'],
    ['constructor and toString are no tools', 'constructor and toString are no tools'],
    ['a call to the_moon', 'a call to the_moon'],
  ])('%s', (said, shown) => {
    expect(inCliWords(said)).toBe(shown);
  });

  it.each([
    ['min: must be at most max', 'change min', '--min: must be at most max', 'change --min'],
    [
      'port is missing; env: too large',
      'send port as in this example: 1',
      '--port is missing; --env: too large',
      'send --port as in this example: 1',
    ],
    ['name: no port', 'give another image', 'name: no port', 'give another image'],
  ])('%s, %s: is about flags', (message, hint, shown, hintShown) => {
    const { problem } = new Refused(400, { code: 'InvalidInput', message, hint });
    expect(problemText(problem)).toBe(`InvalidInput: ${shown}\n${hintShown}`);
    expect(problemText({ ...problem, code: 'Conflict' })).toBe(`Conflict: ${message}\n${hint}`);
  });

  it('suggests the name that was meant', async () => {
    const refusal = { code: 'NotFound', message: 'there is no such artifact', hint: 'did you mean my-app?' };
    await using server = await restDouble({ 'GET /api/artifacts/my-ap': [404, refusal] });
    const { code, err } = await vibed(['get', 'my-ap'], { server: server.url });
    expect({ code, err }).toEqual({ code: 3, err: 'NotFound: there is no such artifact\ndid you mean my-app?' });
  });

  it('suggests commands instead of calls, and nothing that this command cannot do', () => {
    const next = [
      { tool: 'diff_versions', args: { name: 'a', from: 1, to: 2 }, why: 'what has changed since' },
      { tool: 'get_artifact', args: { name: '$(reboot)' } },
      { tool: 'fly_artifact', args: { name: 'a' }, why: 'a tool of a later server' },
    ];
    const { problem } = new Refused(409, { code: 'Conflict', message: 'm', hint: 'h', next });
    expect(problemText(problem)).toBe(
      "Conflict: m\nh\nnext: vibed diff a 1 2  (what has changed since)\nnext: vibed get '$(reboot)'",
    );
    expect(commandLine({ tool: 'toString', args: {} })).toBeUndefined();
  });
});

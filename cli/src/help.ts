// How a command is used, made from its literal.
import type { Command, Option, Options } from './command.ts';

/** How many words a command takes, at least and at most. */
export function wordsOf({ words }: Command): { names: readonly string[]; least: number } {
  const all = words.split(' ').filter(word => word !== '');
  return { names: all.map(word => word.slice(1, -1)), least: all.filter(word => word.startsWith('<')).length };
}

export function usageOf({ name, words, options = {} }: Command): string {
  const optional = Object.entries(options).map(
    ([flag, option]) => `[${spelled(flag, option)}]${option.multiple === true ? '…' : ''}`,
  );
  return ['vibed', name, words, ...optional].filter(part => part !== '').join(' ');
}

const spelled = (flag: string, { type, value, choices = [] }: Option) =>
  `--${flag}${type === 'boolean' ? '' : ` ${value ?? choices.join('|')}`}`;

/** The flags that every command understands. */
export const commonOptions: Options = {
  json: { type: 'boolean', about: 'the answer of the API' },
  server: {
    type: 'string',
    value: 'URL',
    about: 'or VIBED_SERVER, or the nearest .vibed/mcp.json, or ~/.config/vibed/mcp.json',
  },
  'key-file': { type: 'string', value: 'FILE', completes: 'file', about: 'or VIBED_KEY, or the key in that file' },
  config: { type: 'string', value: 'FILE', completes: 'file', about: 'another mcp.json' },
  help: { type: 'boolean', short: 'h', about: 'this text' },
};

const exitCodesText =
  'Exit codes: 0 done, 1 the app failed, 2 not understood, 3 the server refused or cannot be reached,\n4 the app runs but its page is broken, 130 interrupted';

export function helpOf(command: Command): string {
  const examples = ['Examples:', ...command.examples.map(line => `  ${line}`)].join('\n');
  const parts = [usageOf(command), command.summary, optionsText(command.options ?? {}), examples, common()];
  return parts.filter(part => part !== '').join('\n\n');
}

const common = () => `Everywhere:\n${optionsText(commonOptions)}\n${exitCodesText}`;

function optionsText(options: Options): string {
  const rows = Object.entries(options).map(([flag, option]) => [
    spelled(flag, option) + (option.short === undefined ? '' : `, -${option.short}`),
    option.about,
  ]);
  const width = Math.min(24, Math.max(...rows.map(([left = '']) => left.length)));
  return rows.map(([left = '', about]) => `  ${left.padEnd(width)}  ${about}`).join('\n');
}

export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `vibed <command> [--help]\n\n${lines.join('\n')}\n\n${common()}\nvibed help <command>, vibed --version`;
}

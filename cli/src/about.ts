// What a person reads about a vibeD, and about this command, before the first deploy.
import { z } from 'zod';
import { inCliWords } from './cli-words.ts';
import { answer, type Command, localCommand, oneCall } from './command.ts';
import { table } from './terminal.ts';
import { version } from './version.ts';

/** The last part of the server's guide lists its tools; the commands stand in for it. */
const toolsPart = '\nHow to go on:';
const goOn = `
How to go on:
1. vibed deploy FOLDER --wait prints the URL, or why the app failed.
2. vibed logs NAME, vibed invoke NAME PATH show what the app does.
3. vibed update NAME FOLDER makes the next version; vibed rollback NAME VERSION goes back.`;

export const aboutCommands: readonly Command[] = [
  oneCall({
    name: 'guide',
    summary: 'how to write an app for vibeD',
    words: '',
    examples: ['vibed guide'],
    call: () => ({ path: '/api/guide' }),
    schema: z.looseObject({ guide: z.string() }),
    tell: ({ guide }) => inCliWords(guide.split(toolsPart)[0] ?? '') + goOn,
  }),

  oneCall({
    name: 'targets',
    summary: 'where apps can run on this cluster',
    words: '',
    examples: ['vibed targets'],
    call: () => ({ path: '/api/targets' }),
    schema: z.looseObject({
      targets: z.array(z.looseObject({ name: z.string(), available: z.boolean(), what: z.string() })),
    }),
    tell: ({ targets }) => {
      const rows = targets.map(({ name, available, what }) => [name, available ? 'yes' : 'no', what]);
      return table(['NAME', 'AVAILABLE', 'WHAT'], rows);
    },
  }),
];

export const versionCommand = localCommand({
  name: 'version',
  summary: 'the version of this command',
  words: '',
  examples: ['vibed version'],
  run: async local => answer(local, { version }, () => version),
});

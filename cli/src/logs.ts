// `vibed logs`: what a build or an app says, once or as it comes.
import { z } from 'zod';
import { inCliWords } from './cli-words.ts';
import { answer, type Invocation, pathOf, serverCommand, textFlag } from './command.ts';
import { Refused } from './failures.ts';
import { linesOf } from './log-lines.ts';
import { jsonText, printable } from './terminal.ts';

const logsSchema = z.looseObject({ text: z.string(), warnings: z.array(z.string()).default([]) });

export const logs = serverCommand({
  name: 'logs',
  summary: 'what the build or the app says',
  words: '<name>',
  examples: ['vibed logs my-app', 'vibed logs my-app -f', 'vibed logs my-app --kind build --contains error'],
  options: {
    follow: { type: 'boolean', short: 'f', about: 'line by line, as it comes' },
    kind: { type: 'string', choices: ['build', 'app'], about: 'whichever explains the present state unless given' },
    previous: { type: 'boolean', about: 'of the instance before the last crash' },
    contains: { type: 'string', value: 'TEXT', about: 'only lines with it' },
  },
  run: async invocation => {
    const kind = textFlag(invocation, 'kind');
    if (invocation.flags.follow !== true) return await once(kind, invocation);
    try {
      return await follow(kind, invocation);
    } catch (error) {
      // Nothing runs that could be followed; what was kept may still tell something.
      if (error instanceof Refused && error.problem.code === 'NotFound') return await once(kind, invocation);
      throw error;
    }
  },
});

async function once(kind: string | undefined, invocation: Invocation): Promise<number> {
  const { api, args, flags, terminal } = invocation;
  const previous = flags.previous === true ? 'true' : undefined;
  const query = { kind, previous, contains: textFlag(invocation, 'contains'), lines: 300 };
  const body = await api.get(pathOf(args.name ?? '', '/logs'), query);
  const { text, warnings } = logsSchema.parse(body);
  for (const warning of warnings) terminal.err(inCliWords(warning));
  return answer(invocation, body, () => text);
}

async function follow(kind: string | undefined, invocation: Invocation): Promise<number> {
  const { api, args, flags, terminal } = invocation;
  const contains = textFlag(invocation, 'contains') ?? '';
  for await (const line of linesOf(api.stream(pathOf(args.name ?? '', '/logs/follow'), { kind }))) {
    if (printable(line).includes(contains)) terminal.out(flags.json === true ? jsonText({ line }, 0) : line);
  }
  return 0;
}

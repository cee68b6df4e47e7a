import { serveTasks } from './worker.ts';

export const tasks = {
  double: (number: number) => number * 2,
  fail: (message: string) => {
    throw new Error(message);
  },
  spin: () => {
    for (;;);
  },
  /** Backtracks for ever: a process can be ended in the middle of a regular expression. */
  backtrack: (text: string) => /^(a+)+$/.test(text),
  fill: () => {
    const kept: unknown[] = [];
    for (;;) kept.push(new Array(1000).fill(kept.length));
  },
  // biome-ignore lint/style/noProcessEnv: the test is that there is nothing in it
  environment: () => Object.keys(process.env).filter(name => !name.startsWith('NODE_CHANNEL')),
  echo: (text: string) => text,
};

// The test imports the types of the tasks only; the pool runs this module.
serveTasks(tasks);

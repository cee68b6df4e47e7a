// The child's side of a pool: runs one task after the other, in a process that the pool may end at any moment.

/** Functions by name. Inputs and results travel between processes, so they are plain data. */
// biome-ignore lint/suspicious/noExplicitAny: the pool checks each input against its own task
export type Tasks = Readonly<Record<string, (input: any) => unknown>>;

export interface Request {
  readonly task: string;
  readonly input: unknown;
}
export type Response = { readonly value: unknown } | { readonly error: unknown };

/** Sent once, when the process can take its first request. */
export const readyMessage = 'ready';

/** Runs these tasks for the pool that started this process. */
export function serveTasks(tasks: Tasks): void {
  const send = process.send?.bind(process);
  if (send === undefined) throw new Error('serveTasks runs in a child process of a pool only');
  process.on('message', (request: Request) => void answer(request).then(response => send(response)));
  process.on('disconnect', () => process.exit());
  send(readyMessage);

  async function answer({ task, input }: Request): Promise<Response> {
    try {
      const run = tasks[task];
      if (run === undefined) throw new Error(`there is no task ${task}`);
      return { value: await run(input) };
    } catch (error) {
      return { error };
    }
  }
}

// A small pool of child processes for work on data that somebody else has chosen. A task that takes more time or memory than its
// limit ends with its process and fails alone: the event loop of this process is never blocked.
//
// Processes and not worker threads: V8 aborts the whole process when the heap of a worker thread is full, in most cases before
// Node's resourceLimits can end the thread alone.
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { type Request, type Response, readyMessage, type Tasks } from './worker.ts';

export interface PoolOptions {
  /** The module that calls serveTasks. */
  readonly entry: URL;
  /** Processes at most. */
  readonly processes: number;
  /** Processes that one owner may use at once. */
  readonly perOwner: number;
  /** Tasks of one owner that may wait; no limit when absent. */
  readonly queuedPerOwner?: number;
  /** Heap of one process, in MiB. */
  readonly megabytes: number;
  /** Time for one task, in milliseconds, from when it starts to run. */
  readonly milliseconds: number;
  /** An idle process ends after so many milliseconds, and gives its memory back. */
  readonly idleMs: number;
}

export type Limit = 'time' | 'memory' | 'queue';

/** The task did not end within its limit. */
export class OverLimit extends Error {
  readonly limit: Limit;
  constructor(limit: Limit, message: string) {
    super(message);
    this.name = 'OverLimit';
    this.limit = limit;
  }
}

export interface RunOptions {
  /** Whose data it is: no owner keeps the processes from the others. */
  readonly owner: string;
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly owner: string;
  readonly request: Request;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class Pool<T extends Tasks> {
  readonly #options: PoolOptions;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Map<Waiting, Helper>();
  readonly #idle: Helper[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Runs a task in a child process. Rejects with OverLimit, with the task's own error, or with the reason of the signal. */
  run<N extends string & keyof T>(
    task: N,
    input: Parameters<T[N]>[0],
    { owner, signal }: RunOptions,
  ): Promise<Awaited<ReturnType<T[N]>>> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { queuedPerOwner = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#waiting.filter(waiting => waiting.owner === owner).length >= queuedPerOwner)
      return Promise.reject(new OverLimit('queue', `${queuedPerOwner} tasks of ${owner} are waiting already`));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const waiting: Waiting = { owner, request: { task, input }, signal, resolve, reject };
    const leave = () => this.#leave(waiting);
    signal?.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiting);
    this.#start();
    return promise.finally(() => signal?.removeEventListener('abort', leave)) as Promise<Awaited<ReturnType<T[N]>>>;
  }

  /** Ends every process; what still runs or waits is rejected. */
  stop(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the pool has stopped'));
    for (const helper of [...this.#idle.splice(0), ...this.#running.values()]) helper.end();
  }

  #start(): void {
    const inUse = (owner: string) => [...this.#running.keys()].filter(task => task.owner === owner).length;
    while (this.#running.size < this.#options.processes) {
      const at = this.#waiting.findIndex(({ owner }) => inUse(owner) < this.#options.perOwner);
      const [next] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (next === undefined) return;
      const helper = this.#takeIdle() ?? new Helper(this.#options);
      this.#running.set(next, helper);
      void this.#runIn(helper, next);
    }
  }

  /** The one that was used last; those whose rest was over have ended. */
  #takeIdle(): Helper | undefined {
    const alive = this.#idle.splice(0).filter(helper => helper.isAlive);
    const helper = alive.pop();
    this.#idle.push(...alive);
    return helper;
  }

  /** Never rejects. */
  async #runIn(helper: Helper, task: Waiting): Promise<void> {
    try {
      task.resolve(await helper.run(task.request));
    } catch (error) {
      task.reject(task.signal?.aborted ? task.signal.reason : error);
    }
    this.#running.delete(task);
    if (helper.isAlive) {
      this.#idle.push(helper);
      helper.restFor(this.#options.idleMs);
    }
    this.#start();
  }

  #leave(task: Waiting): void {
    const at = this.#waiting.indexOf(task);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      task.reject(task.signal?.reason);
    }
    this.#running.get(task)?.end();
  }
}

/** One child process and the task that it runs. */
class Helper {
  readonly #options: PoolOptions;
  readonly #child: ChildProcess;
  readonly #ready = Promise.withResolvers<void>();
  #task: PromiseWithResolvers<unknown> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stderr = '';
  isAlive = true;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#child = fork(options.entry, {
      env: {},
      execArgv: [`--max-old-space-size=${options.megabytes}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#ready.promise.catch(() => undefined); // run() sees it too
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-2_000);
    });
    this.#child.on('message', (message: Response | typeof readyMessage) => this.#onMessage(message));
    this.#child.on('error', error => this.#failed(error));
    this.#child.on('close', (_code, signal) => this.#failed(this.#endedBy(signal)));
  }

  async run(request: Request): Promise<unknown> {
    clearTimeout(this.#timer);
    this.#hold(true);
    const task = Promise.withResolvers<unknown>();
    this.#task = task;
    task.promise.catch(() => undefined); // it may fail before it is awaited
    try {
      await this.#ready.promise;
      const { milliseconds } = this.#options;
      const late = () => this.end(new OverLimit('time', `it did not end within ${milliseconds / 1000} s`));
      this.#timer = setTimeout(late, milliseconds);
      this.#child.send(request, error => error && this.#failed(error));
      return await task.promise;
    } finally {
      clearTimeout(this.#timer);
      this.#task = undefined;
      this.#hold(false);
    }
  }

  restFor(milliseconds: number): void {
    this.#timer = setTimeout(() => this.end(), milliseconds).unref();
  }

  end(reason = new Error('the process was ended')): void {
    this.#failed(reason);
    this.#child.kill('SIGKILL');
  }

  /** Only a child with a task keeps this process alive. */
  #hold(isBusy: boolean): void {
    const stderr = this.#child.stderr as Socket | null;
    for (const handle of [this.#child, this.#child.channel, stderr]) isBusy ? handle?.ref() : handle?.unref();
  }

  #onMessage(message: Response | typeof readyMessage): void {
    if (message === readyMessage) this.#ready.resolve();
    else if ('error' in message) this.#task?.reject(message.error);
    else this.#task?.resolve(message.value);
  }

  /** V8 aborts a process whose heap is full, and a kernel that is short of memory kills it. */
  #endedBy(signal: NodeJS.Signals | null): Error {
    if (signal !== null) return new OverLimit('memory', `it took more than ${this.#options.megabytes} MiB`);
    return new Error(`the process has ended: ${this.#stderr}`);
  }

  #failed(error: Error): void {
    this.isAlive = false;
    this.#ready.reject(error);
    this.#task?.reject(error);
  }
}

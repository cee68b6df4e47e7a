// Starts and stops the long-lived programs. A pid alone is no identity, because the kernel reuses them: what was started
// is remembered as pid and start time, and only a process that still has both is ever signalled.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Layout } from './layout.ts';

export interface Identity {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/<pid>/stat. */
  readonly startTime: string;
}

export interface Daemon {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Inside the checkout's network namespace unless this is false. */
  readonly inside?: boolean;
  /** Started again when it ends by itself. */
  readonly restarts?: boolean;
}

/** A shell that runs the program of its arguments again whenever that ends, and ends with it when told to. */
const AGAIN = `trap 'kill "$child"; wait "$child"; exit 0' TERM INT
while :; do
  "$@" &
  child=$!
  wait "$child"
  echo "$1 ended with $?; starting it again" >&2
  sleep 1
done`;

/** The start time in a /proc/<pid>/stat line; the program's name in it may hold spaces and parentheses. */
export function startTimeIn(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

export function identityOf(pid: number): Identity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const startTime = startTimeIn(stat);
    const dead = stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
    return startTime === undefined || dead ? undefined : { pid, startTime };
  } catch {
    return undefined;
  }
}

export function isAlive(recorded: Identity): boolean {
  return identityOf(recorded.pid)?.startTime === recorded.startTime;
}

const fileOf = (layout: Layout, name: string): string => join(layout.pids, `${name}.json`);

async function recorded(layout: Layout, name: string): Promise<Identity | undefined> {
  const file = fileOf(layout, name);
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Identity) : undefined;
}

/** Starts it unless it runs already; true when it was started now. */
export async function start(layout: Layout, daemon: Daemon): Promise<boolean> {
  const before = await recorded(layout, daemon.name);
  if (before && isAlive(before)) return false;
  await mkdir(layout.pids, { recursive: true });
  await mkdir(layout.log, { recursive: true });
  const enter = daemon.inside === false ? [] : ['nsenter', `--net=${layout.netns}`, '--'];
  const again = daemon.restarts === true ? ['sh', '-c', AGAIN, 'sh'] : [];
  const [program, ...args] = [...enter, ...again, ...daemon.argv] as [string, ...string[]];
  const log = openSync(join(layout.log, `${daemon.name}.log`), 'a');
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...daemon.env },
    cwd: layout.state,
  });
  closeSync(log);
  const spawnFailed = new Promise<never>((_, reject) => child.once('error', reject));
  const pid = child.pid;
  const identity = pid === undefined ? undefined : identityOf(pid); // nsenter execs, so pid and start time stay
  if (!identity) return spawnFailed;
  child.unref();
  const file = fileOf(layout, daemon.name);
  await writeFile(`${file}.tmp`, JSON.stringify(identity));
  await rename(`${file}.tmp`, file);
  return true;
}

export async function isRunning(layout: Layout, name: string): Promise<boolean> {
  const identity = await recorded(layout, name);
  return identity !== undefined && isAlive(identity);
}

/** Asks it to end, insists after the grace, and forgets it; nothing when it is not running. */
export async function stop(layout: Layout, name: string, graceSeconds = 10): Promise<void> {
  const identity = await recorded(layout, name);
  if (identity) await end([identity], graceSeconds);
  await rm(fileOf(layout, name), { force: true });
}

export async function end(processes: readonly Identity[], graceSeconds: number): Promise<void> {
  signal(processes, 'SIGTERM');
  const deadline = Date.now() + graceSeconds * 1000;
  while (processes.some(isAlive) && Date.now() < deadline) await sleep(50);
  signal(processes, 'SIGKILL');
  while (processes.some(isAlive)) await sleep(20);
}

function signal(processes: readonly Identity[], name: NodeJS.Signals): void {
  for (const process_ of processes.filter(isAlive)) {
    try {
      process.kill(process_.pid, name);
    } catch {
      // it ended in between
    }
  }
}

export async function recordedNames(layout: Layout): Promise<readonly string[]> {
  if (!existsSync(layout.pids)) return [];
  const files = await readdir(layout.pids);
  return files.filter(file => file.endsWith('.json')).map(file => file.slice(0, -'.json'.length));
}

/** The end of a daemon's log, for the message that says it died. */
export async function logTail(layout: Layout, name: string, lines = 8): Promise<string> {
  const file = join(layout.log, `${name}.log`);
  if (!existsSync(file)) return '';
  return (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-lines).join('\n');
}

/** Waits until `probe` is true; says which daemon died when one of those it depends on does. */
export async function until(
  layout: Layout,
  what: string,
  daemons: readonly string[],
  seconds: number,
  probe: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await probe().catch(() => false))) {
    for (const name of daemons) {
      if (await isRunning(layout, name)) continue;
      throw new Error(`${name} ended while waiting until ${what}:\n${await logTail(layout, name)}`);
    }
    if (Date.now() > deadline) throw new Error(`${what} did not come true in ${seconds} s; logs: ${layout.log}`);
    await sleep(100);
  }
}

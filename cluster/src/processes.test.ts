import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Layout, layoutOf } from './layout.ts';
import { end, identityOf, isAlive, isRunning, recordedNames, start, startTimeIn, stop } from './processes.ts';

describe('the identity of a process', () => {
  it('reads the start time past a name with spaces and parentheses', () => {
    const fields = ['S', ...Array.from({ length: 18 }, (_, i) => String(i)), '987654', 'more'];
    expect(startTimeIn(`12 (a (b) c) ${fields.join(' ')}`)).toBe('987654');
  });

  it('is alive only with the same start time', () => {
    const own = identityOf(process.pid);
    expect(own && isAlive(own)).toBe(true);
    expect(isAlive({ pid: process.pid, startTime: '1' })).toBe(false);
  });

  it('is none for a pid that does not exist', () => expect(identityOf(2 ** 22 + 1)).toBeUndefined());

  it('never signals a process that reused the pid', async () => {
    const child = spawn('sleep', ['60']);
    const pid = child.pid ?? 0;
    await end([{ pid, startTime: '1' }], 0);
    const real = identityOf(pid);
    expect(real && isAlive(real)).toBe(true);
    await end(real ? [real] : [], 5);
    expect(identityOf(pid)).toBeUndefined();
  });
});

describe('a daemon', () => {
  let layout: Layout;
  beforeEach(async () => {
    layout = layoutOf(await mkdtemp(join(tmpdir(), 'vibed-processes-')));
  });
  afterEach(async () => {
    await stop(layout, 'sleeper', 1);
    await rm(layout.checkout, { recursive: true });
  });
  const sleeper = { name: 'sleeper', argv: ['sleep', '60'], inside: false } as const;

  it('is started once, remembered, and forgotten when stopped', async () => {
    expect(await start(layout, sleeper)).toBe(true);
    expect(await start(layout, sleeper)).toBe(false);
    expect(await isRunning(layout, 'sleeper')).toBe(true);
    expect(await recordedNames(layout)).toEqual(['sleeper']);
    await stop(layout, 'sleeper');
    expect(await isRunning(layout, 'sleeper')).toBe(false);
    expect(await recordedNames(layout)).toEqual([]);
  });

  it('that cannot be started says so', async () => {
    await expect(start(layout, { ...sleeper, argv: ['/does/not/exist'] })).rejects.toThrow('ENOENT');
  });
});

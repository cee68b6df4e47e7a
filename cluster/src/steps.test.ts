import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { clock, doneLine, runSteps, type Step, stepLine, tableOf } from './steps.ts';

const step = (name: string, expectedSeconds: number, run: Step['run'] = async () => undefined): Step => ({
  name,
  expectedSeconds,
  run,
});
const kubernetes = step('kubernetes', 480);

describe('a step line', () => {
  it.each([
    [0, '0:00'],
    [9.9, '0:09'],
    [370, '6:10'],
    [3661, '61:01'],
    [-1, '0:00'],
  ])('writes %s seconds as %s', (seconds, text) => expect(clock(seconds)).toBe(text));

  it('says where it is and how long it usually takes', () => {
    expect(stepLine(4, 9, kubernetes, 370)).toBe('4/9 kubernetes 6:10 of ~8:00');
  });

  it('carries a detail', () => {
    expect(stepLine(6, 9, step('images', 20), 3, 'node:24-slim')).toBe('6/9 images 0:03 of ~0:20  node:24-slim');
  });

  it('admits that it takes longer', () => {
    expect(stepLine(4, 9, kubernetes, 800)).toBe('4/9 kubernetes 13:20 longer than the usual ~8:00');
  });

  it('keeps only the time when it is done', () => expect(doneLine(4, 9, kubernetes, 482)).toBe('4/9 kubernetes 8:02'));

  it('is announced in a table', () => {
    expect(tableOf([step('a', 5), step('longer', 61)])).toBe(
      'step, and what it takes when nothing is cached:\n  1 a       ~0:05\n  2 longer  ~1:01',
    );
  });
});

describe('running steps without a terminal', () => {
  const collected = () => {
    const out = new PassThrough().setEncoding('utf8');
    return { out: out as unknown as NodeJS.WriteStream, text: () => String(out.read() ?? '') };
  };

  it('prints one plain line per step', async () => {
    const { out, text } = collected();
    await runSteps([step('a', 5), step('b', 5)], out);
    expect(text()).toBe('1/2 a 0:00\n2/2 b 0:00\n');
  });

  it('stops at the first failure and says which step it was', async () => {
    const { out, text } = collected();
    const steps = [step('a', 5, () => Promise.reject(new Error('no'))), step('b', 5)];
    await expect(runSteps(steps, out)).rejects.toThrow('no');
    expect(text()).toBe('1/2 a failed after 0:00\n');
  });
});

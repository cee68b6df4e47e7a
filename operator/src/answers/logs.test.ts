import { gunzipSync } from 'node:zlib';
import { endsOf, type KubeClient, KubeError } from '@vibed/store/kube';
import { afterAll, expect, it } from 'vitest';
import { Analysis } from '../analysis/analysis.ts';
import { lastLines, withoutUsage } from '../analysis/logs.ts';
import { buildLog, podLog } from './logs.ts';

const pod = { namespace: 'n', name: 'p' };
const analysis = new Analysis();
afterAll(() => analysis.stop());
const reading = (logs: KubeClient['logs']) => {
  async function* streamed(...request: Parameters<KubeClient['logs']>) {
    yield Buffer.from(await logs(...request));
  }
  const logEnds: KubeClient['logEnds'] = (ref, options, keep) => endsOf(streamed(ref, options), keep);
  return { client: { logEnds }, analysis, whose: { owner: 'alice' } };
};

it('keeps the last lines, without colours and control characters, within 2 KiB', () => {
  const lines = lastLines(`${'long '.repeat(1000)}\n\x1b[31mred\x1b[0m\r\nlast\x07\n`);
  expect(lines).toBe(`${'long '.repeat(80).slice(0, 399)}…\nred\nlast`);
  expect(Buffer.byteLength(lastLines('ä'.repeat(5000)))).toBeLessThanOrEqual(2048);
});

it('cuts long lines, and cuts them shorter, before it leaves lines out', () => {
  const bundle = `  at ${'x'.repeat(3_000)}`;
  const said = ['Error: the cause', ...Array(9).fill(bundle), 'Node.js v24.9.0'].join('\n');
  const lines = lastLines(said).split('\n');
  expect(lines).toHaveLength(11);
  expect(lines[0]).toBe('Error: the cause');
  expect(lines[1]).toMatch(/^ {2}at x{154}…$/);
  expect(lines.at(-1)).toBe('Node.js v24.9.0');
  expect(lastLines(`a\n${'y'.repeat(400)}`)).toBe(`a\n${'y'.repeat(400)}`);
});

it('keeps the carriage return in a program’s name visible', () => {
  expect(lastLines("env: can't execute 'node\r': No such file\r\n")).toBe("env: can't execute 'node\\r': No such file");
});

it('reads the instance before, and the present one when that is gone', async () => {
  const seen: (boolean | undefined)[] = [];
  const answer = await podLog(
    reading(async (_ref, { previous }) => {
      seen.push(previous);
      if (previous) throw new KubeError('Invalid', 'previous terminated container not found');
      return 'boom\n';
    }),
    { pod, container: 'app', previous: true },
  );
  expect([answer.tail, seen]).toEqual(['boom', [true, undefined]]);
});

it('keeps the head and the tail of a long build, and tells the last container that ran', async () => {
  const long = `first\n${'x'.repeat(400_000)}\nlast`;
  const answer = await buildLog(
    reading(async (_ref, { container }) => {
      if (container === 'build') throw new KubeError('Invalid', 'container "build" is waiting to start');
      return long;
    }),
    { pod, containers: ['source', 'build'] },
  );
  const kept = gunzipSync(answer.gzip).toString();
  expect(kept).toMatch(/^=== source\nfirst/);
  expect(kept).toMatch(/bytes left out/);
  expect(kept.endsWith('last')).toBe(true);
  expect(kept.length).toBeLessThan(270_000);
  expect(answer.tail.endsWith('last')).toBe(true);
});

it('keeps the end of a log of any length, and of every container', async () => {
  const said = (container: string) =>
    ['first', ...Array(200_000).fill('y'.repeat(63)), `error of ${container}`].join('\n');
  const answer = await buildLog(
    reading(async (_ref, { container }) => said(container ?? '')),
    { pod, containers: ['source', 'build'] },
  );
  expect(gunzipSync(answer.gzip).toString()).toMatch(/^=== source\nfirst\n/);
  expect(gunzipSync(answer.gzip).toString()).toMatch(/\nerror of build$/);
  expect(answer.tail.endsWith('error of build')).toBe(true);
  const excerpt = await podLog(
    reading(async () => `${'long '.repeat(100_000)}\nthe error\n`),
    { pod, container: 'app', previous: false },
  );
  expect(excerpt.tail).toMatch(/^[long ]{1,399}…\nthe error$/);
});

it('lets an unreachable kubelet be an error, not an empty log', async () => {
  const away = reading(() => Promise.reject(new KubeError('Unavailable', 'dial')));
  await expect(buildLog(away, { pod, containers: ['build'] })).rejects.toThrow('dial');
});

it('an excerpt of npm has the cause, and not the manual after it', () => {
  const said = [
    'npm error code EUSAGE',
    'npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync.',
    'npm error',
    'npm error Usage:',
    ...Array.from({ length: 90 }, (_, i) => `npm error   --option-${i}`),
    'npm error Run "npm help ci" for more info',
    'npm error A complete log of this run can be found in: /tmp/x.log',
    '',
  ].join('\n');
  expect(lastLines(withoutUsage(said)).split('\n')).toEqual([
    'npm error code EUSAGE',
    'npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync.',
    'npm error',
    'npm error A complete log of this run can be found in: /tmp/x.log',
  ]);
});

it('keeps a manual that does not end, however often it begins', () => {
  const text = 'npm error Usage:\n'.repeat(4_000);
  expect(withoutUsage(text)).toBe(text);
});

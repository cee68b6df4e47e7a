import { describe, expect, it } from 'vitest';
import { type Answers, restDouble, vibed } from './api.testing.ts';

const wait = 'GET /api/artifacts/my-app/wait';
const get = 'GET /api/artifacts/my-app';
const app = { name: 'my-app', version: 3, warnings: [], next: [], step: 'running', url: 'http://my-app.localhost' };
const inPhase = (phase: string) => [200, { ...app, phase }] as const;
const gone = [404, { code: 'NotFound', message: 'there is no such artifact', hint: 'list_artifacts' }] as const;

describe('vibed wait', () => {
  const run = async (answers: Answers, ...more: string[]) => {
    await using server = await restDouble(answers);
    const { code, out, err } = await vibed(['wait', 'my-app', ...more], { server: server.url });
    return { code, out, err, urls: server.seen.map(({ url }) => url) };
  };

  it('prints the URL of what runs, and the steps on the way', async () => {
    const building = { ...app, outcome: 'still_working', step: 'building: step 2' };
    const { code, out, err, urls } = await run({
      [wait]: [
        [200, building],
        [503, {}],
        [200, { ...app, outcome: 'running' }],
      ] as never,
    });
    expect({ code, out, err }).toEqual({ code: 0, out: app.url, err: 'building: step 2' });
    expect(urls[0]).toBe('/api/artifacts/my-app/wait?timeout_s=5');
  });

  it('tells what is broken on the page of an app that runs: 4, or 0 where that is allowed', async () => {
    const warning = '/a.js answers 404: correct the path. Set spec.run.health.path.';
    const broken = { ...app, outcome: 'running', warnings: [warning], broken: true };
    const err = 'warning: /a.js answers 404: correct the path. Set --health-path.';
    expect(await run({ [wait]: [200, broken] })).toMatchObject({ code: 4, out: app.url, err });
    expect(await run({ [wait]: [200, broken] }, '--json')).toMatchObject({ code: 4, err });
    expect(await run({ [wait]: [200, broken] }, '--allow-broken')).toMatchObject({ code: 0, out: app.url, err });
    const doubtful = { ...broken, broken: undefined };
    expect(await run({ [wait]: [200, doubtful] })).toMatchObject({ code: 0, out: app.url, err });
  });

  it('waits for the version that is named', async () => {
    const { urls } = await run({ [wait]: [200, { ...app, outcome: 'running' }] }, '--version', '2', '--timeout', '3');
    expect(urls).toEqual(['/api/artifacts/my-app/wait?version=2&timeout_s=3']);
  });

  it('fails with the reason, and names the command that shows more: 1', async () => {
    const failure = { step: 'build', reason: 'BuildFailed', remedy: 'Set spec.run.port to 80.' };
    const next = [{ tool: 'get_artifact_logs', args: { name: 'my-app' }, why: 'the whole log behind the failure' }];
    const { code, out, err } = await run({ [wait]: [200, { ...app, outcome: 'failed', failure, next }] });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      'failed at build: BuildFailed\nremedy: Set --port to 80.\nnext: vibed logs my-app  (the whole log behind the failure)',
    );
  });

  it('gives up after the time that is given, and says where the app is: 1', async () => {
    const building = { ...app, outcome: 'still_working', step: 'building' };
    const { code, out, err } = await run({ [wait]: [200, building] }, '--timeout', '1');
    expect({ code, out, err }).toEqual({
      code: 1,
      out: '',
      err: expect.stringContaining('my-app version 3: still building after 1 s'),
    });
  });

  it.each(['suspended', 'failed', 'deploying'])('returns when the app is %s', async phase => {
    const { code, out, err } = await run({ [get]: [inPhase('building'), inPhase(phase)] as never }, '--for', phase);
    expect({ code, out, err }).toEqual({ code: 0, out: `my-app is ${phase}`, err: 'building' });
  });

  it('returns when the app is gone', async () => {
    const { code, out } = await run({ [get]: [inPhase('deleting'), gone] as never }, '--for', 'gone');
    expect({ code, out }).toEqual({ code: 0, out: 'my-app is gone' });
    const json = await run({ [get]: gone }, '--for', 'gone', '--json');
    expect([json.code, JSON.parse(json.out)]).toEqual([0, { name: 'my-app', phase: 'gone' }]);
  });

  it('does not wait for a name that is not there, unless for it to be gone: 3', async () => {
    for (const more of [[], ['--for', 'suspended']]) {
      const { code, err } = await run({ [get]: gone, [wait]: gone }, ...more);
      expect({ code, err }).toEqual({ code: 3, err: 'NotFound: there is no such artifact\nvibed list' });
    }
  });

  it('says which phase did not come: 1', async () => {
    const { code, err } = await run({ [get]: inPhase('running') }, '--for', 'suspended', '--timeout', '1');
    expect({ code, err }).toEqual({
      code: 1,
      err: 'running\nmy-app is still running after 1 s, and not suspended',
    });
  });

  it('prints the answer with --json', async () => {
    const seen = { ...app, outcome: 'running' };
    expect(JSON.parse((await run({ [wait]: [200, seen] }, '--json')).out)).toEqual(seen);
    const suspended = { ...app, phase: 'suspended' };
    expect(JSON.parse((await run({ [get]: [200, suspended] }, '--json', '--for', 'suspended')).out)).toEqual(suspended);
  });
});

// The shipped process without its cluster.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ApiServerProcess, blockedMs, ClusterDouble } from './process.testing.ts';

it('answers a write with 503 and Retry-After within a second while the apiserver is gone, and reads from what it knows', {
  timeout: 60_000,
}, async () => {
  await using cluster = await ClusterDouble.start();
  cluster.set('todo', { observedGeneration: 1, phase: 'suspended' });
  await using server = new ApiServerProcess(cluster);
  await server.start();
  await cluster.close();
  const url = `http://127.0.0.1:${server.port}`;
  const post = (path: string, body: object) =>
    fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const writes = [
    () => post('/api/artifacts', { name: 'new', files: [{ path: 'index.html', content: 'hi' }] }),
    () => post('/api/artifacts/todo/control', { action: 'resume' }),
    () => fetch(`${url}/api/artifacts/todo/logs`),
  ];
  for (const write of writes) {
    const started = performance.now();
    const answer = await write();
    expect(performance.now() - started).toBeLessThan(1_000);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await answer.json()).toMatchObject({ code: 'Unavailable', retry_after_s: 2 });
  }
  expect(await (await fetch(`${url}/api/artifacts`)).json()).toMatchObject({ total: 1 });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

it('answers the kubelet while its main loop is blocked, and reports the block afterwards', {
  timeout: 60_000,
}, async () => {
  await using cluster = await ClusterDouble.start();
  await using server = new ApiServerProcess(cluster);
  await server.start();
  const health = (path: string) => fetch(`http://127.0.0.1:${server.healthPort}${path}`);
  expect((await health('/readyz')).status).toBe(200);
  const blockedAt = performance.now();
  process.kill(server.pid, 'SIGUSR2');
  await sleep(200);
  const doors = fetch(`http://127.0.0.1:${server.port}/readyz`);
  while (performance.now() - blockedAt < blockedMs - 500) {
    expect((await health('/healthz')).status).toBe(200);
    expect((await health('/readyz')).status).toBe(200);
    await sleep(200);
  }
  expect(await Promise.race([doors, sleep(1, 'no answer yet')])).toBe('no answer yet');
  expect((await doors).status).toBe(200);
  expect(await server.metric('vibed_event_loop_delay_seconds{stat="max"}')).toBeGreaterThan(blockedMs / 2_000);
  await expect.poll(() => server.output).toMatch(/"message":"the event loop was blocked","seconds":[3-9]/);
});

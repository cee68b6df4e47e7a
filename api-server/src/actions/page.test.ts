import type { Probe } from '@vibed/crds';
import { expect, it } from 'vitest';
import { startTestServer } from '../app.testing.ts';
import { namespaceOf } from '../tenancy.ts';

const files = [{ path: 'index.html', content: '<h1>hi</h1>' }];
const at = '2026-01-01T00:00:00.000Z';

async function answersOf(probe: Partial<Probe>, desired = 'h1') {
  await using server = await startTestServer();
  const deploy = () => server.call('alice', 'POST', '/api/artifacts', { name: 'todo', files });
  await deploy();
  server.store.report(namespaceOf('alice'), 'todo', {
    phase: 'running',
    url: 'http://todo.example.com',
    desired: { version: 1, hash: desired },
    serving: { version: 1, hash: 'h1', image: 'i', since: at, probe: { status: 200, at, ...probe } },
  });
  const get = async (path: string) => (await server.call('alice', 'GET', `/api/artifacts${path}`)).body;
  return { again: (await deploy()).body, get: await get('/todo'), wait: await get('/todo/wait'), list: await get('') };
}

it('every answer about an app has what is wrong with its page, and the wait says that it is broken', async () => {
  const told = ['/gone.js answers 404: correct the path in the page, or add the file to the source.'];
  const { again, get, wait, list } = await answersOf({
    faults: [{ path: '/gone.js', kind: 'script', status: 404 }],
  });
  expect([again.warnings, get.warnings, wait.warnings]).toEqual([told, told, told]);
  expect(wait).toMatchObject({ outcome: 'running', broken: true });
  expect(list.warnings).toEqual(['the page is broken of todo: get_artifact has what is wrong']);
});

it('an app that asks to sign in has a warning, and is not broken', async () => {
  const { wait, list } = await answersOf({ status: 401 });
  expect(wait.warnings).toEqual(['/ answers 401: people need to sign in first.']);
  expect(wait).not.toHaveProperty('broken');
  expect(list.warnings).toEqual([]);
});

it('the page of an older version says nothing about the version asked for', async () => {
  const { get, wait } = await answersOf({ blank: true }, 'h2');
  expect([get.warnings, wait.warnings]).toEqual([[], []]);
});

import { describe, expect, it } from 'vitest';
import { type Answers, restDouble, vibed } from './api.testing.ts';

const evil = '\u001b]0;title\u0007\u001b[2J\u009b1A\u202etxt\u2028\u200b\b\rforged';
const app = { name: evil, phase: evil, version: 1, url: `http://a.example/${evil}`, reason: evil, warnings: [evil] };
const failure = { step: evil, reason: evil, message: evil, remedy: evil, excerpt: evil };
const next = [{ tool: 'get_artifact', args: { name: evil }, why: evil }];
/** Fits what every command expects, with text of a tenant in every place. */
const body = {
  ...app,
  failure,
  next,
  outcome: 'failed',
  step: evil,
  artifacts: [app],
  versions: [{ version: 1, created: evil, language: evil }],
  files: [{ path: evil, change: evil }],
  patch: evil,
  truncated: true,
  settings: [evil],
  text: evil,
  status: 200,
  headers: { a: evil },
  body: evil,
  latency_ms: 1,
  guide: evil,
  targets: [{ name: evil, available: true, what: evil }],
  source_ref: evil,
};
const problem = { code: 'Conflict', message: evil, hint: evil, field: evil, next };
const calls = [
  ['list'],
  ['get', 'a'],
  ['versions', 'a'],
  ['diff', 'a', '1'],
  ['rollback', 'a', '1'],
  ['rollback', 'a', '1', '--wait'],
  ['control', 'a', 'retry'],
  ['delete', 'a', '--confirm', 'a'],
  ['open', 'a'],
  ['update', 'a', '--port', '80', '--base', '1'],
  ['deploy', '--image', 'a', '--name', 'a'],
  ['wait', 'a'],
  ['wait', 'a', '--for', 'failed', '--timeout', '1'],
  ['invoke', 'a'],
  ['logs', 'a'],
  ['logs', 'a', '-f'],
  ['source', 'a'],
  ['guide'],
  ['targets'],
];
const routes = [
  'GET /api/artifacts',
  'POST /api/artifacts',
  'GET /api/guide',
  'GET /api/targets',
  'GET /api/artifacts/a',
  'PATCH /api/artifacts/a',
  'DELETE /api/artifacts/a',
  ...['wait', 'logs', 'logs/follow', 'source', 'versions', 'diff'].map(part => `GET /api/artifacts/a/${part}`),
  ...['rollback', 'control', 'invoke'].map(part => `POST /api/artifacts/a/${part}`),
];

describe('nothing that a server or a tenant says steers the terminal', () => {
  it.each(calls.flatMap(words => [words, [...words, '--json']]))('%j %j %j %j', async (...words) => {
    for (const answer of [[200, body] as const, [409, problem] as const]) {
      const answers: Answers = Object.fromEntries(routes.map(route => [route, answer]));
      await using server = await restDouble(answers);
      const { out, err } = await vibed(words, { server: server.url });
      expect(server.seen).not.toEqual([]);
      expect(out + err).not.toBe('');
      expect(out + err).not.toMatch(/[^\P{Cc}\t\n]|\p{Cf}|\p{Zl}|\p{Zp}/u);
    }
  });
});

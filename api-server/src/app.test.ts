// Both doors over real HTTP, with a store in memory: what every user may rely on, and what hostile input meets.
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { wantedOf } from '@vibed/operator/keys';
import { compactArtifact, type VersionRecord } from '@vibed/store';
import { KubeError } from '@vibed/store/kube';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { startTestServer } from './app.testing.ts';
import { jsonLimitBytes } from './http/json.ts';
import { namespaceOf, ownerLabelOf } from './tenancy.ts';

const files = [{ path: 'index.html', content: '<h1>hi</h1>' }];
const todo = { name: 'todo', files };

describe('deploying', () => {
  it('answers at once, and a repetition makes nothing new', async () => {
    await using server = await startTestServer();
    const first = await server.call('alice', 'POST', '/api/artifacts', todo);
    expect(first).toMatchObject({
      status: 200,
      body: {
        name: 'todo',
        version: 1,
        phase: 'pending',
        changed: true,
        source_ref: expect.stringMatching(/^sha256:/),
      },
    });
    expect((await server.call('alice', 'POST', '/api/artifacts', todo)).body).toMatchObject({
      changed: false,
      version: 1,
    });
    const keyed = { name: 'keyed', files, idempotency_key: 'k1' };
    await server.call('alice', 'POST', '/api/artifacts', keyed);
    expect(
      (await server.call('alice', 'POST', '/api/artifacts', { ...keyed, name: 'other', port: 3001 })).body,
    ).toMatchObject({ name: 'keyed', changed: false });
    expect(server.store.objects.size).toBe(2);
    const { annotations } = (await server.store.get({ namespace: namespaceOf('alice'), name: 'todo' })).metadata;
    expect(annotations?.['vibed.dev/requested-by']).toContain('alice via rest');
  });

  it('ends as one artifact when many repeat it at once', async () => {
    await using server = await startTestServer();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => server.call('alice', 'POST', '/api/artifacts', todo)),
    );
    expect(answers.map(a => a.status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(answers.filter(a => a.body.changed)).toHaveLength(1);
  });

  it('keeps the files of a refused call, and names the call that helps', async () => {
    await using server = await startTestServer();
    await server.call('alice', 'POST', '/api/artifacts', todo);
    const taken = await server.call('alice', 'POST', '/api/artifacts', {
      name: 'todo',
      files: [{ path: 'index.html', content: 'other' }],
    });
    expect(taken).toMatchObject({
      status: 409,
      body: { code: 'NameTaken', next: [{ tool: 'update_artifact', args: { base_version: 1 } }] },
    });
    const ref = taken.body.source_ref;
    expect(await server.call('alice', 'POST', '/api/artifacts', { name: 'second', source_ref: ref })).toMatchObject({
      status: 200,
    });
    expect(await server.call('bob', 'POST', '/api/artifacts', { name: 'second', source_ref: ref })).toMatchObject({
      status: 400,
    });
  });

  it('tells the plan of a dry run and writes nothing', async () => {
    await using server = await startTestServer();
    const { body } = await server.call('alice', 'POST', '/api/artifacts', { ...todo, dry_run: true });
    expect(body).toMatchObject({
      changed: false,
      plan: { language: 'static', dockerfile: expect.stringContaining('FROM') },
    });
    expect(server.store.objects.size).toBe(0);
    expect(server.client.created.size).toBe(0);
  });

  it('takes a folder as multipart and as archive', async () => {
    await using server = await startTestServer();
    const form = new FormData();
    form.set('name', 'form');
    form.append('file', new Blob(['<h1>']), 'index.html');
    form.append('file', new Blob(['x']), 'css/a.css');
    expect(await server.call('alice', 'POST', '/api/artifacts', form)).toMatchObject({
      status: 200,
      body: { name: 'form' },
    });
    const archive = await tarball({ 'index.html': '<h1>', 'css/a.css': 'x' });
    const sent = await server.call('alice', 'POST', '/api/artifacts?name=tar', archive, {
      'content-type': 'application/gzip',
    });
    expect(sent.body).toMatchObject({
      name: 'tar',
      source_ref: (await server.call('alice', 'GET', '/api/artifacts/form')).body.source && expect.any(String),
    });
    const refs = await Promise.all(
      ['form', 'tar'].map(async name => (await server.call('alice', 'GET', `/api/artifacts/${name}`)).body.source),
    );
    expect(refs[0]).toEqual(refs[1]);
  });
});

describe('control', () => {
  it('a restart is a version of its own, and what was said of the one before it does not count', async () => {
    await using server = await startTestServer();
    await server.call('alice', 'POST', '/api/artifacts', todo);
    const at = { namespace: namespaceOf('alice'), name: 'todo' };
    const runs = async (version: number) => {
      const { hash } = wantedOf(compactArtifact(await server.store.get(at)), 'kubernetes');
      server.store.report(at.namespace, at.name, {
        phase: 'running',
        target: 'kubernetes',
        desired: { version, hash },
      });
    };
    await runs(1);
    const control = (action: string) => server.call('alice', 'POST', '/api/artifacts/todo/control', { action });
    const uid = (await server.store.get(at)).metadata.uid ?? '';
    server.store.records.set(uid, [{ version: 1, hash: 'h1' } as VersionRecord]);
    expect((await control('restart')).body).toMatchObject({ version: 2, phase: 'pending' });
    const wait = await server.call('alice', 'GET', '/api/artifacts/todo/wait?version=2&timeout_s=1');
    expect(wait.body).toMatchObject({ outcome: 'still_working' });
    await runs(2);
    expect((await server.call('alice', 'GET', '/api/artifacts/todo/wait?version=2')).body).toMatchObject({
      outcome: 'running',
    });
    const failure = { version: 2, hash: '', step: 'build', reason: 'BuildFailed', message: '', remedy: '' } as const;
    server.store.report(at.namespace, at.name, { phase: 'failed', failure });
    expect(await control('restart')).toMatchObject({ status: 409, body: { code: 'Conflict', field: 'action' } });
  });
});

describe('secrets', () => {
  it('go into a Secret and come back in no answer, event or log line', async () => {
    await using server = await startTestServer();
    const canary = 'canary-7c1f';
    const made = await server.call('alice', 'POST', '/api/artifacts', { ...todo, env: { TOKEN: canary } });
    const shown = await Promise.all(
      ['/api/artifacts', '/api/artifacts/todo'].map(path => server.call('alice', 'GET', path)),
    );
    const update = { base_version: 1, set_env: { TOKEN: `${canary}-2` }, unset_env: ['NOPE'] };
    const refused = await server.call('alice', 'PATCH', '/api/artifacts/todo', update);
    expect(refused.status).toBe(400);
    const bad = await server.call('alice', 'POST', '/api/artifacts', {
      name: 'x',
      files,
      env: { TOKEN: canary, PATH: canary },
    });
    expect(bad.body).toMatchObject({ code: 'InvalidInput', field: 'env' });
    const told =
      JSON.stringify([made, shown, refused, bad]) + server.logged() + JSON.stringify([...server.store.objects]);
    expect(told).not.toContain(canary);
    expect(JSON.stringify([...server.client.created])).toContain(canary);
  });

  it.each(['LD_PRELOAD', 'NODE_OPTIONS', 'PATH', 'PORT', '1A', 'A-B', ''])('refuse the variable %j', async name => {
    await using server = await startTestServer();
    expect(await server.call('alice', 'POST', '/api/artifacts', { ...todo, env: { [name]: 'x' } })).toMatchObject({
      status: 400,
    });
    expect(server.store.objects.size).toBe(0);
  });
});

describe('values for the build', () => {
  const vite = [
    { path: 'package.json', content: '{"scripts":{"build":"vite build"},"devDependencies":{"vite":"6"}}' },
    { path: 'index.html', content: '<script type="module" src="/src/main.js"></script>' },
    { path: 'src/main.js', content: 'fetch(import.meta.env.VITE_API_URL)' },
  ];
  const weather = { name: 'weather', files: vite };
  const python = [
    { path: 'requirements.txt', content: 'flask' },
    { path: 'app.py', content: 'from flask import Flask\napp = Flask(__name__)' },
  ];
  const specOf = async (server: Awaited<ReturnType<typeof startTestServer>>, name = 'weather') =>
    (await server.store.get({ namespace: namespaceOf('alice'), name })).spec;
  const missing = expect.stringContaining('src/main.js reads VITE_API_URL at build time');
  const published = 'VITE_API_URL is in the page that everybody can read; give it in build_env';

  it('are in the spec, and silence the warning that nobody gave them', async () => {
    await using server = await startTestServer();
    const dry = await server.call('alice', 'POST', '/api/artifacts', { ...weather, dry_run: true });
    expect(dry.body.warnings).toContainEqual(missing);
    const build_env = { VITE_API_URL: 'https://api.example.com' };
    const given = await server.call('alice', 'POST', '/api/artifacts', { ...weather, build_env, dry_run: true });
    expect(given.body).toMatchObject({
      warnings: [],
      plan: { dockerfile: expect.stringContaining('\nARG VITE_API_URL\nCOPY ') },
    });
    const { body } = await server.call('alice', 'POST', '/api/artifacts', { ...weather, build_env });
    expect(body.warnings).toEqual([]);
    expect((await specOf(server)).build).toEqual({
      env: [{ name: 'VITE_API_URL', value: 'https://api.example.com' }],
    });
  });

  it('are made of env where a framework publishes its name, with a warning; every other value stays a secret', async () => {
    await using server = await startTestServer();
    const env = { VITE_API_URL: 'https://api.example.com', TOKEN: 'hunter2' };
    const first = await server.call('alice', 'POST', '/api/artifacts', { ...weather, env });
    expect(first.body.warnings).toEqual([published]);
    const spec = await specOf(server);
    expect(spec.build?.env).toEqual([{ name: 'VITE_API_URL', value: 'https://api.example.com' }]);
    expect(spec.run?.env?.map(({ name }) => name)).toEqual(['TOKEN', 'VITE_API_URL']);
    expect(JSON.stringify(spec)).not.toContain('hunter2');
    expect((await server.call('alice', 'POST', '/api/artifacts', { ...weather, env })).body).toMatchObject({
      changed: false,
    });
  });

  it('are not made of env where the app is of another language, or given in build_env as well', async () => {
    await using server = await startTestServer();
    const env = { PUBLIC_KEY: 'abc' };
    const flask = await server.call('alice', 'POST', '/api/artifacts', { name: 'flask', files: python, env });
    expect(String(flask.body.warnings)).not.toContain('PUBLIC_KEY');
    expect(await specOf(server, 'flask')).not.toHaveProperty('build');
    const both = { env: { VITE_API_URL: 'run' }, build_env: { VITE_API_URL: 'build' } };
    expect((await server.call('alice', 'POST', '/api/artifacts', { ...weather, ...both })).body.warnings).toEqual([]);
    expect((await specOf(server)).build?.env).toEqual([{ name: 'VITE_API_URL', value: 'build' }]);
  });

  it('are added, replaced and taken away by updates', async () => {
    await using server = await startTestServer();
    await server.call('alice', 'POST', '/api/artifacts', { ...weather, build_env: { VITE_A: '1', VITE_B: '2' } });
    const update = async (change: object) => {
      const { version } = (await server.call('alice', 'GET', '/api/artifacts/weather')).body;
      return await server.call('alice', 'PATCH', '/api/artifacts/weather', { base_version: version, ...change });
    };
    expect((await update({ build_env: { VITE_B: '3', VITE_C: '4' }, unset_env: ['VITE_A'] })).status).toBe(200);
    expect((await specOf(server)).build?.env).toEqual([
      { name: 'VITE_B', value: '3' },
      { name: 'VITE_C', value: '4' },
    ]);
    expect((await update({ set_env: { VITE_API_URL: 'x' } })).body.warnings).toEqual([published]);
    expect((await update({ unset_env: ['VITE_API_URL', 'VITE_B', 'VITE_C'] })).status).toBe(200);
    const spec = await specOf(server);
    expect([spec.build?.env, spec.run?.env]).toEqual([undefined, undefined]);
    expect((await update({ files: vite })).body.warnings).toContainEqual(missing);
    expect(await update({ unset_env: ['NOPE'] })).toMatchObject({ status: 400, body: { field: 'unset_env' } });
  });

  it.each(['PORT', 'PATH', 'LD_PRELOAD', 'NODE_OPTIONS', 'npm_config_registry', 'HTTPS_PROXY', 'A-B'])(
    'are refused with the name %s',
    async name => {
      await using server = await startTestServer();
      const refused = await server.call('alice', 'POST', '/api/artifacts', { ...weather, build_env: { [name]: 'x' } });
      expect(refused).toMatchObject({ status: 400, body: { code: 'InvalidInput', field: 'build_env' } });
      expect(server.store.objects.size).toBe(0);
    },
  );

  it('of env are refused when they are too long to be built in', async () => {
    await using server = await startTestServer();
    const env = { VITE_DATA: 'x'.repeat(4097) };
    expect(await server.call('alice', 'POST', '/api/artifacts', { ...weather, env })).toMatchObject({
      status: 400,
      body: { field: 'env', message: expect.stringContaining('VITE_DATA') },
    });
  });
});

describe('the folder of an app', () => {
  const split = [
    { path: 'backend/app.py', content: 'from flask import Flask\napp = Flask(__name__)' },
    { path: 'backend/requirements.txt', content: 'flask' },
    { path: 'frontend/index.html', content: '<h1>hi</h1>' },
  ];

  it('is what a plan sees of the source, and what is built', async () => {
    await using server = await startTestServer();
    const deploy = (path: string, more: object = {}) =>
      server.call('alice', 'POST', '/api/artifacts', { name: 'notes', files: split, build_path: path, ...more });
    expect((await deploy('backend', { dry_run: true })).body.plan).toMatchObject({ language: 'python' });
    expect((await deploy('frontend', { dry_run: true })).body.plan).toMatchObject({ language: 'static' });
    expect((await deploy('backend')).status).toBe(200);
    const at = { namespace: namespaceOf('alice'), name: 'notes' };
    expect((await server.store.get(at)).spec.build).toEqual({ path: 'backend' });
    const moved = { base_version: 1, build_path: 'frontend' };
    expect((await server.call('alice', 'PATCH', '/api/artifacts/notes', moved)).status).toBe(200);
    expect((await server.store.get(at)).spec.build).toEqual({ path: 'frontend' });
  });

  it('that is not there, or leaves the source, is refused', async () => {
    await using server = await startTestServer();
    const deploy = (path: string) =>
      server.call('alice', 'POST', '/api/artifacts', { name: 'notes', files: split, build_path: path });
    expect(await deploy('web')).toMatchObject({
      status: 400,
      body: {
        message: expect.stringContaining('the source has no folder web'),
        hint: expect.stringContaining('backend, frontend'),
        source_ref: expect.stringMatching(/^sha256:/),
      },
    });
    expect(await deploy('../web')).toMatchObject({ status: 400, body: { field: 'build_path' } });
  });
});

describe.each([
  { mode: 'a namespace each', sharedNamespace: undefined },
  { mode: 'a shared namespace', sharedNamespace: 'vibed-apps' },
])('two users with $mode', ({ sharedNamespace }) => {
  it('neither sees, counts, changes, waits for or guesses what the other has', async () => {
    await using server = await startTestServer({ sharedNamespace });
    const made = await server.call('alice', 'POST', '/api/artifacts', todo);
    const place = sharedNamespace ?? namespaceOf('alice');
    server.store.report(place, String(made.body.name), { phase: 'running', url: 'http://todo.example.com' });
    expect((await server.call('alice', 'GET', '/api/artifacts/todo')).body).toMatchObject({ phase: 'running' });
    expect((await server.call('bob', 'GET', '/api/artifacts')).body).toMatchObject({ artifacts: [], total: 0 });
    const calls = [
      ['GET', ''],
      ['GET', '/wait'],
      ['GET', '/logs'],
      ['GET', '/source'],
      ['GET', '/versions'],
      ['GET', '/diff?from=1'],
      ['GET', '/source.tar.gz'],
      ['POST', '/rollback', { version: 1 }],
      ['POST', '/control', { action: 'suspend' }],
      ['POST', '/invoke', {}],
      ['PATCH', '', { base_version: 1, port: 1 }],
      ['DELETE', '', { confirm: 'todo' }],
    ] as const;
    const guesses = ['todo', String(made.body.name), encodeURIComponent('http://todo.example.com/')];
    for (const guess of guesses)
      for (const [method, path, body] of calls) {
        const foreign = await server.call('bob', method, `/api/artifacts/${guess}${path}`, body);
        const absent = await server.call('carol', method, `/api/artifacts/absent${path}`, body);
        expect([guess, method, path, foreign.status, foreign.body]).toEqual([guess, method, path, 404, absent.body]);
      }
    const { source_ref } = made.body;
    expect(await server.call('bob', 'POST', '/api/artifacts', { name: 'mine', source_ref })).toMatchObject({
      status: 400,
    });
    expect((await server.call('bob', 'POST', '/api/artifacts', todo)).body).toMatchObject({ changed: true });
    expect(server.store.objects.size).toBe(2);
  });

  it('hear of their own changes only', async () => {
    await using server = await startTestServer({ sharedNamespace });
    const { ticket } = (await server.call('bob', 'POST', '/api/events/ticket')).body;
    const stream = await fetch(`${server.url}/api/events?ticket=${ticket}`);
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    await server.call('alice', 'POST', '/api/artifacts', todo);
    await server.call('bob', 'POST', '/api/artifacts', { ...todo, name: 'mine' });
    let heard = '';
    while (!/"name":"mine(-[0-9a-f]{8})?"/.test(heard)) heard += (await reader?.read())?.value ?? '';
    expect(heard).toMatch(/^event: snapshot\n/);
    expect(heard).not.toContain('todo');
    await reader?.cancel();
  });
});

describe('a shared namespace', () => {
  const shared = { sharedNamespace: 'vibed-apps' };

  it('keeps names apart by an end that is the owner’s, and takes the short one everywhere', async () => {
    await using server = await startTestServer(shared);
    const { body } = await server.call('alice', 'POST', '/api/artifacts', todo);
    expect(body).toMatchObject({ name: expect.stringMatching(/^todo-[0-9a-f]{8}$/), changed: true });
    for (const name of ['todo', String(body.name)])
      expect((await server.call('alice', 'POST', '/api/artifacts', { ...todo, name })).body).toMatchObject({
        name: body.name,
        changed: false,
      });
    const { metadata } = await server.store.get({ namespace: 'vibed-apps', name: String(body.name) });
    expect(metadata.labels).toEqual({ 'vibed.dev/owner': ownerLabelOf('alice') });
    expect(await server.call('alice', 'POST', '/api/artifacts', { ...todo, name: 'a'.repeat(32) })).toMatchObject({
      status: 400,
      body: { field: 'name', message: expect.stringContaining('31') },
    });
    const restored = await server.call('alice', 'DELETE', '/api/artifacts/todo', { confirm: 'todo' });
    expect(restored).toMatchObject({ status: 200, body: { name: body.name } });
  });

  it('gives nobody what has no label, what is elsewhere, or another’s Secret', async () => {
    await using server = await startTestServer(shared);
    const { body } = await server.call('alice', 'POST', '/api/artifacts', todo);
    const mine = await server.store.get({ namespace: 'vibed-apps', name: String(body.name) });
    const { labels: _, ...bare } = mine.metadata;
    await server.store.create({ ...mine, metadata: { ...bare, name: 'stray' } });
    await server.store.create({
      ...mine,
      metadata: { ...mine.metadata, namespace: namespaceOf('alice'), name: 'old' },
    });
    expect((await server.call('alice', 'GET', '/api/artifacts')).body).toMatchObject({ total: 1 });
    const secrets = { TOKEN: 'other-env-0123456789/TOKEN' };
    for (const [method, path, call] of [
      ['POST', '/api/artifacts', { ...todo, name: 'thief', secrets }],
      ['PATCH', '/api/artifacts/todo', { base_version: 1, secrets }],
    ] as const)
      expect(await server.call('alice', method, path, call)).toMatchObject({ status: 400, body: { field: 'secrets' } });
  });
});

describe('keys', () => {
  it('are needed, and their scope is kept to', async () => {
    await using server = await startTestServer();
    const none = await fetch(`${server.url}/api/artifacts`);
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await server.call('alice:read', 'GET', '/api/artifacts')).toMatchObject({ status: 200 });
    expect(await server.call('alice:read', 'POST', '/api/artifacts', todo)).toMatchObject({
      status: 403,
      body: { code: 'ScopeMissing' },
    });
    const foreign = await server.call('alice', 'GET', '/api/artifacts', undefined, { origin: 'https://evil.example' });
    expect(foreign).toMatchObject({ status: 403, body: { code: 'OriginRefused' } });
  });
});

describe('uploads', () => {
  it('take one archive, once, from their owner', async () => {
    await using server = await startTestServer();
    const { upload_url } = (await server.call('alice', 'POST', '/api/uploads')).body;
    const path = new URL(String(upload_url)).pathname;
    const archive = await tarball({ 'index.html': '<h1>', '.git/config': 'x' });
    expect(await server.call('bob', 'PUT', path, archive)).toMatchObject({ status: 410 });
    expect(await server.call('alice', 'PUT', path, Buffer.from('junk'))).toMatchObject({ status: 400 });
    const put = () => fetch(server.url + path, { method: 'PUT', body: new Uint8Array(archive) });
    const received = await put();
    expect([received.status, await received.json()]).toEqual([
      201,
      expect.objectContaining({
        files: 1,
        warnings: [expect.stringContaining('.git/config')],
        source_ref: expect.stringMatching(/^sha256:/),
      }),
    ]);
    expect((await put()).status).toBe(410);
    expect(await server.call('alice', 'PUT', `${path}x`, archive)).toMatchObject({ status: 410 });
  });
});

describe('hostile input', () => {
  const post = (body: unknown, headers?: Record<string, string>) => async () => {
    await using server = await startTestServer();
    const answer = await server.call('alice', 'POST', '/api/artifacts', body, headers);
    expect(server.store.objects.size).toBe(0);
    return answer;
  };
  const json = { 'content-type': 'application/json' };
  const nested = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
  it.each([
    [
      'a body that is too large',
      { ...todo, files: [{ path: 'a', content: 'x'.repeat(jsonLimitBytes) }] },
      undefined,
      413,
    ],
    [
      'too many files',
      { ...todo, files: Array.from({ length: 1001 }, (_, i) => ({ path: `f${i}`, content: '' })) },
      undefined,
      400,
    ],
    ['deep nesting', `{"name":"todo","env":${nested}}`, json, 400],
    ['__proto__', '{"name":"todo","__proto__":{"x":1},"files":[{"path":"a","content":""}]}', json, 400],
    ['__proto__ inside', '{"name":"todo","env":{"__proto__":"x"},"files":[{"path":"a","content":""}]}', json, 400],
    ['a lone surrogate', '{"name":"todo","files":[{"path":"a","content":"\\ud800"}]}', json, 400],
    ['a NUL', { ...todo, files: [{ path: 'a', content: 'x\u0000' }] }, undefined, 400],
    ['an absolute path', { ...todo, files: [{ path: '/etc/passwd', content: '' }] }, undefined, 400],
    ['a path that leaves', { ...todo, files: [{ path: 'a/../../b', content: '' }] }, undefined, 400],
    ['a backslash', { ...todo, files: [{ path: 'a\\b', content: '' }] }, undefined, 400],
    [
      'names that collide',
      {
        ...todo,
        files: [
          { path: 'a', content: '' },
          { path: 'A', content: '' },
        ],
      },
      undefined,
      400,
    ],
    ['no base64', { ...todo, files: [{ path: 'a', content: '#', encoding: 'base64' }] }, undefined, 400],
    ['a wrong content type', 'name=todo', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['an unknown field', { ...todo, foo: 1 }, undefined, 400],
    ['no JSON', '{"name":', json, 400],
    ['a list', '[]', json, 400],
    ['two sources', { ...todo, image: 'a/b@sha256:c' }, undefined, 400],
    ['a bad name', { ...todo, name: 'Todo_1' }, undefined, 400],
    ['credentials in a git URL', { name: 'todo', git_url: 'https://u:hunter2@example.com/x' }, undefined, 400],
  ])('%s is refused, and nothing is written', async (_, body, headers, status) => {
    const answer = await post(body, headers)();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
    ]);
    expect(answer.body).toMatchObject({
      code: expect.any(String),
      message: expect.any(String),
      hint: expect.any(String),
    });
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
  });

  it('an unknown field is told with the one that was meant', async () => {
    expect((await post({ ...todo, healthpath: '/' })()).body).toMatchObject({
      field: 'healthpath',
      hint: 'did you mean health_path?',
    });
  });

  it('a cursor from elsewhere is refused', async () => {
    await using server = await startTestServer();
    expect(await server.call('alice', 'GET', '/api/artifacts?cursor=YWJj')).toMatchObject({
      status: 400,
      body: { field: 'cursor' },
    });
  });
});

describe('trouble', () => {
  it('a cluster that is down is a 503 with Retry-After, at once, and the files are kept', async () => {
    await using server = await startTestServer();
    server.store.down = true;
    const started = Date.now();
    const answer = await server.call('alice', 'POST', '/api/artifacts', todo);
    expect(Date.now() - started).toBeLessThan(1_000);
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'Unavailable', source_ref: expect.stringMatching(/^sha256:/) },
    });
    expect(answer.headers.get('retry-after')).toBe('2');
    server.store.down = false;
    expect(await server.call('alice', 'POST', '/api/artifacts', todo)).toMatchObject({
      status: 200,
      body: { changed: true },
    });
  });

  it('a namespace that is being deleted is a wait, and then there is a new one', async () => {
    await using server = await startTestServer();
    const create = server.store.create.bind(server.store);
    server.store.create = async () => {
      throw new KubeError('Forbidden', 'unable to create new content in namespace x because it is being terminated');
    };
    expect(await server.call('alice', 'POST', '/api/artifacts', todo)).toMatchObject({ status: 503 });
    server.client.created.clear();
    server.store.create = create;
    expect(await server.call('alice', 'POST', '/api/artifacts', todo)).toMatchObject({ status: 200 });
    expect([...server.client.created.keys()]).toEqual([`Namespace//${namespaceOf('alice')}`]);
  });

  it('what Git manages is not edited', async () => {
    await using server = await startTestServer();
    await server.call('alice', 'POST', '/api/artifacts', todo);
    const object = server.store.objects.get(`${namespaceOf('alice')}/todo`);
    if (object !== undefined) object.metadata.annotations = { 'argocd.argoproj.io/tracking-id': 'x' };
    expect(await server.call('alice', 'PATCH', '/api/artifacts/todo', { base_version: 1, port: 3001 })).toMatchObject({
      status: 409,
      body: { code: 'ManagedByGit' },
    });
  });

  it('a stale base is a conflict that tells the present version', async () => {
    await using server = await startTestServer();
    await server.call('alice', 'POST', '/api/artifacts', todo);
    expect(
      (await server.call('alice', 'PATCH', '/api/artifacts/todo', { base_version: 1, port: 3001 })).body,
    ).toMatchObject({ changed: true, version: 2 });
    expect(await server.call('alice', 'PATCH', '/api/artifacts/todo', { base_version: 1, port: 3001 })).toMatchObject({
      status: 409,
      body: { code: 'Conflict', field: 'base_version' },
    });
    const edit = { edits: [{ path: 'index.html', old_text: 'hi', new_text: 'ho' }] };
    expect((await server.call('alice', 'PATCH', '/api/artifacts/todo', edit)).body).toMatchObject({
      version: 3,
      changed: true,
    });
    expect((await server.call('alice', 'GET', '/api/artifacts/todo/source?path=index.html')).body).toMatchObject({
      content: '<h1>ho</h1>',
    });
  });

  it('a reader that does not read is cut off, and the others hear everything', async () => {
    await using server = await startTestServer();
    const stuck = request(`${server.url}/api/events`, { headers: { authorization: 'Bearer alice' } });
    stuck.on('response', response => response.pause()).on('error', () => undefined);
    stuck.end();
    const good = await fetch(`${server.url}/api/events`, { headers: { authorization: 'Bearer alice' } });
    const reader = good.body?.pipeThrough(new TextDecoderStream()).getReader();
    await server.call('alice', 'POST', '/api/artifacts', todo);
    const cutOff = async () =>
      (await server.services.metrics.registry.getSingleMetric('vibed_api_event_readers_cut_off_total')?.get())
        ?.values[0]?.value;
    let last = 0;
    const hearing = (async () => {
      for (let tail = ''; !tail.includes('"phase":"suspended"'); )
        tail = tail.slice(-5_000) + ((await reader?.read())?.value ?? '');
    })();
    // The kernel takes some megabytes for a reader before anybody can notice that it does not read.
    for (; last < 20_000 && (await cutOff()) === 0; last += 1) {
      server.store.report(namespaceOf('alice'), 'todo', { phase: 'running', url: `http://${'x'.repeat(4_000)}` });
      if (last % 10 === 0) await sleep(1);
    }
    server.store.report(namespaceOf('alice'), 'todo', { phase: 'suspended' });
    await hearing;
    expect(await cutOff()).toBe(1);
    stuck.destroy();
    await reader?.cancel();
  });
});

async function tarball(tree: Record<string, string>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(tree)) archive.entry({ name }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

import { describe, expect, it } from 'vitest';
import { explainAppLog, explainBadAnswer, wrongPortSoFar } from './explain.ts';
import { saidPorts } from './listening.ts';

const version = {
  spec: { source: { files: { digest: 'sha256:1', count: 1 } } },
  build: { key: 'k', port: 8080 },
};
const crash = { reason: 'CrashLoop' as const, message: 'the app exits with code 1', remedy: 'look' };
const overdue = { reason: 'StartTimeout' as const, message: 'no connections', remedy: 'wait' };
const bad = { reason: 'ProbeFailed' as const, message: 'GET / answered 500', remedy: 'look' };

describe('a port is read from', () => {
  it.each<[string, number]>([
    ['up on 3000', 3000],
    ['Server is up on 3000!', 3000],
    ['listening 3000', 3000],
    ['App started on port 3000', 3000],
    ['🚀 Server ready at port: 4000', 4000],
    ['PORT=5000', 5000],
    ['Example app listening at http://localhost:3000', 3000],
    ['  ➜  Local:   http://localhost:5173/', 5173],
    ['   - Network:      http://10.42.0.7:3000', 3000],
    ['Local: http://127.0.0.1:4321/', 4321],
    ['INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)', 8000],
    ['0.0.0.0:8000 (Press CTRL+C to quit)', 8000],
    ['[2026-01-02 12:30:00 +0000] [1] [INFO] Listening at: http://0.0.0.0:8000 (1)', 8000],
    [' * Running on http://127.0.0.1:5000', 5000],
    ['Starting development server at http://127.0.0.1:8000/', 8000],
    ['[GIN-debug] Listening and serving HTTP on :8081', 8081],
    ['2026/01/02 12:30:00 listening on :8000', 8000],
    ['⇨ http server started on [::]:1323', 1323],
    ['Now listening on: http://[::]:5000', 5000],
    ['Tomcat started on port(s): 8081 (http) with context path', 8081],
    ['🚀 Rocket has launched from http://127.0.0.1:8001', 8001],
    ['{"level":30,"time":1767357000000,"pid":17,"msg":"Server listening at http://0.0.0.0:3000"}', 3000],
    ['Running on local URL:  http://127.0.0.1:7860', 7860],
    ['Connected to MongoDB, server listening on 3000', 3000],
    ['Ready in 359 ms on 3000', 3000],
    ['Serving HTTP on 0.0.0.0 port 9000 (http://0.0.0.0:9000/) ...', 9000],
    ['server up on 80', 80],
  ])('%s', (line, port) => {
    expect(saidPorts(line).map(s => s.port)).toEqual([port]);
  });
});

it.each([
  'VITE v6.4.1  ready in 359 ms',
  'ready at 12:30',
  'Server started at 12:30:45',
  'Server started at 2026-01-02T12:30:45Z',
  'Server started at 2026-01-02',
  'server started, pid 4123',
  'INFO:     Started server process [4123]',
  'Running version 10.4.2',
  'Started Application in 2.5 seconds (process running for 3.1)',
  'running migrations on 120 tables',
  'serving 3000 files',
  'Connected to postgres at localhost:5432',
  'redis ready on 127.0.0.1:6379',
  'Debugger listening on ws://127.0.0.1:9229/0f2c936f',
  'Error: connect ECONNREFUSED 127.0.0.1:5432',
  '[HPM] Proxy created: /api  -> http://localhost:5001',
  'Port 5173 is in use, trying another one...',
  'Error: listen EADDRINUSE: address already in use 0.0.0.0:3000',
  'INFO:     10.42.0.1:53422 - "GET / HTTP/1.1" 200 OK',
  '    at Server.start (file:///app/server.js:120:300)',
  'server took 3000',
])('is no port: %s', line => {
  expect(saidPorts(line)).toEqual([]);
});

it('names the port that the app says, and how to set it', () => {
  expect(explainAppLog(overdue, 'up on 3000', version)).toEqual({
    reason: 'WrongPort',
    message: 'the app says "up on 3000", but vibeD asks port 8080',
    remedy: 'Set spec.run.port: 3000, or let the app listen on the port in $PORT, at 0.0.0.0.',
  });
  expect(explainAppLog(overdue, 'Listening on 127.0.0.1:8080', version).remedy).toContain('0.0.0.0');
  expect(explainAppLog(overdue, 'metrics at http://0.0.0.0:9090\nListening on :8080', version)).toBe(overdue);
  expect(explainAppLog(overdue, 'ready in 359 ms', version)).toBe(overdue);
});

it('an app that is still starting is on the wrong port only if no line names the right one', () => {
  expect(wrongPortSoFar('up on 3000', version)?.reason).toBe('WrongPort');
  expect(wrongPortSoFar('admin up on 3000\nup on 8080', version)).toBeUndefined();
  expect(wrongPortSoFar('http://localhost:8080', version)).toBeUndefined();
  expect(wrongPortSoFar('loading the model', version)).toBeUndefined();
});

it.each([
  'Error: listen EACCES: permission denied 0.0.0.0:80',
  'nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)',
  'listen tcp :443: bind: permission denied',
  '(13)Permission denied: AH00072: make_sock: could not bind to address [::]:80',
  "chown: changing ownership of '/data': Operation not permitted",
  "Error: EPERM: operation not permitted, chown '/srv/app'",
  'nginx: [emerg] chown("/var/cache/nginx/client_temp", 101) failed (1: Operation not permitted)',
  'su-exec: setgroups(0): Operation not permitted',
  "error: failed switching to 'redis': operation not permitted",
  'setuid(1000) failed: Operation not permitted',
  'This program must be run as root.',
])('needs root: %s', line => {
  expect(explainAppLog(crash, `starting\n${line}\n    at start (x.js:1:2)`, version)).toMatchObject({
    reason: 'NeedsRoot',
    message: expect.stringContaining(line.slice(0, 40)),
    remedy: expect.stringContaining('USER 10001'),
  });
});

it.each([
  ["Error: EACCES: permission denied, mkdir '/data'", '/data'],
  ["Error: EROFS: read-only file system, open '/usr/share/x.db'", '/usr/share/x.db'],
  ["PermissionError: [Errno 13] Permission denied: '/var/lib/app'", '/var/lib/app'],
  ["OSError: [Errno 30] Read-only file system: '/srv/uploads'", '/srv/uploads'],
  ['panic: open /data/app.db: permission denied', '/data/app.db'],
  ['2026/01/02 12:30:00 mkdir /data: permission denied', '/data'],
  ['mkdir: cannot create directory ‘/data’: Permission denied', '/data'],
  ["mkdir: can't create directory '/data/': Permission denied", '/data/'],
  [
    'nginx: [emerg] mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)',
    '/var/cache/nginx/client_temp',
  ],
  ['sqlite3.OperationalError: unable to open database file', 'where it tries to'],
  ['SqliteError: attempt to write a readonly database', 'where it tries to'],
])('a path that may not be written is a crash: %s', (line, path) => {
  const told = explainAppLog(crash, `starting\n${line}`, version);
  expect(told.reason).toBe('CrashLoop');
  expect(told.message).toContain(`may not write ${path}:`);
  expect(told.remedy).toContain('The app may write below its own folder and /tmp; there is no volume');
});

it.each([
  'error: permission denied for table orders',
  '    throw new Error("permission denied for schema public")',
  'ERROR:  permission denied to create database',
  'psycopg2.errors.InsufficientPrivilege: permission denied for relation users',
  'ERROR: must be owner of table orders',
  "Error: Access denied for user 'app'@'10.0.0.1' (using password: YES)",
  'FATAL: password authentication failed for user "app"',
])('what a database refuses is a crash: %s', line => {
  const told = explainAppLog(crash, line, version);
  expect(told.reason).toBe('CrashLoop');
  expect(told.message).toMatch(/^the database refuses/);
  expect(told.message).toContain(line.trim());
  expect(told.remedy).toContain('spec.run.env');
});

it.each<[string, string, RegExp, RegExp]>([
  ['sh: 1: ./start.sh: Permission denied', 'CrashLoop', /start\.sh may not be executed/, /chmod \+x/],
  ["Error: Cannot find module 'express'", 'DependencyMissing', /express/, /package\.json/],
  [
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'ws' imported from /app/server.js",
    'DependencyMissing',
    /ws/,
    /package\.json/,
  ],
  ["Error: Cannot find module '/app/dist/index.js'", 'CrashLoop', /own file \/app\/dist/, /spec\.run\.command/],
  ["ModuleNotFoundError: No module named 'flask_cors'", 'DependencyMissing', /flask_cors/, /Add flask-cors to/],
  ['/usr/local/bin/python: No module named gunicorn', 'DependencyMissing', /gunicorn/, /requirements\.txt/],
  ['sh: 1: gunicorn: not found', 'DependencyMissing', /gunicorn .*127/, /requirements\.txt/],
  ['Error: No such built-in module: node:sqlite', 'DependencyMissing', /node:sqlite/, /engines/],
  [
    'ImportError: libGL.so.1: cannot open shared object file: No such file or directory',
    'DependencyMissing',
    /libGL\.so\.1 .*libgl1/,
    /opencv-python-headless.*Dockerfile/,
  ],
  [
    'OSError: libgomp.so.1: cannot open shared object file: No such file or directory',
    'DependencyMissing',
    /libgomp1/,
    /Dockerfile/,
  ],
  [
    'error while loading shared libraries: libpq.so.5: cannot open shared object file: No such file or directory',
    'DependencyMissing',
    /libpq5/,
    /psycopg2-binary/,
  ],
  [
    'ImportError: libgthread-2.0.so.0: cannot open shared object file: No such file or directory',
    'DependencyMissing',
    /libglib2\.0-0/,
    /headless/,
  ],
  [
    'Error loading shared library libstdc++.so.6: No such file or directory (needed by /app/tool)',
    'DependencyMissing',
    /libstdc\+\+6/,
    /Dockerfile/,
  ],
  ['/usr/bin/env: ‘node\\r’: No such file or directory', 'CrashLoop', /Windows line ends/, /LF/],
  ['exec /app/server: exec format error', 'CrashLoop', /architecture/, /architecture/],
])('names the cause of a crash: %s', (line, reason, message, remedy) => {
  const told = explainAppLog(crash, `starting\n${line}\n`, version);
  expect(told.reason).toBe(reason);
  expect(told.message).toMatch(message);
  expect(told.remedy).toMatch(remedy);
});

it('says what a bad answer comes from, with the answer', () => {
  const log = "ModuleNotFoundError: No module named 'markdown'";
  expect(explainBadAnswer(bad, log)).toMatchObject({
    reason: 'ProbeFailed',
    message: expect.stringMatching(/^GET \/ answered 500: .*markdown/),
    remedy: expect.stringContaining('requirements.txt'),
  });
  expect(explainBadAnswer(bad, 'TypeError: x is not a function')).toBe(bad);
});

it('keeps what is known when the log names no cause, and every exact reason', () => {
  expect(explainAppLog(crash, 'TypeError: x is not a function', version)).toBe(crash);
  expect(explainAppLog(crash, 'HTTP 403: permission denied', version)).toBe(crash);
  const memory = { ...crash, reason: 'OutOfMemory' as const };
  expect(explainAppLog(memory, "Error: Cannot find module 'express'", version)).toBe(memory);
});

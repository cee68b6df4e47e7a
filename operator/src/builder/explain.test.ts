import { expect, it } from 'vitest';
import { explainBuildLog } from './explain.ts';

const known = { reason: 'BuildFailed' as const, message: 'a step of the build failed', remedy: 'look' };

it.each([
  ["npm error 404  'left-padd@^1.0.0' is not in this registry.", 'left-padd@^1.0.0'],
  ['npm error notarget No matching version found for express@99.0.0.', 'express@99.0.0'],
  ['npm error 404 Not Found - GET https://r.example/@scope%2fnope - Not found', '@scope/nope'],
  ['ERROR: No matching distribution found for flaskk', 'flaskk'],
  ['main.go:4:2: no required module provides package github.com/x/y; to add it:', 'github.com/x/y'],
  ['[vite]: Rollup failed to resolve import "react-router" from "/app/src/main.jsx".', 'react-router'],
  ["Error: Cannot find module 'express'", 'express'],
  ["ModuleNotFoundError: No module named 'requests'", 'requests'],
  ["error: npm package 'honoo' does not exist.", 'honoo'],
  ["error: Could not find npm package 'hono' matching '99'.", 'hono'],
  ['error: JSR package not found: @std/nopath', '@std/nopath'],
  ['error: no matching package named `serdee` found', 'serdee'],
])('names the dependency in: %s', (log, name) => {
  const told = explainBuildLog(known, `STEP 3\n${log}\nError: exit status 1`);
  expect(told).toMatchObject({ reason: 'DependencyMissing', message: expect.stringContaining(name) });
});

it('tells a lockfile that does not match', () => {
  const log =
    'npm error code EUSAGE\nnpm error `npm ci` can only install packages when your package.json and package-lock.json are in sync.';
  expect(explainBuildLog(known, log)).toMatchObject({
    reason: 'DependencyMissing',
    message: expect.stringContaining('lockfile'),
  });
});

it('leaves a missing file of the app’s own, and every exact reason, as they are', () => {
  expect(explainBuildLog(known, "Error: Cannot find module './routes'")).toBe(known);
  const timeout = { ...known, reason: 'BuildTimeout' as const };
  expect(explainBuildLog(timeout, "npm error 404  'x' is not in this registry")).toBe(timeout);
});

const npm = (...lines: string[]) => lines.map(line => `npm error ${line}`.trimEnd()).join('\n');
const peers = npm(
  'code ERESOLVE',
  'ERESOLVE unable to resolve dependency tree',
  '',
  'While resolving: calendar@undefined',
  'Found: date-fns@4.1.0',
  'node_modules/date-fns',
  '  date-fns@"4.1.0" from the root project',
  '',
  'Could not resolve dependency:',
  'peer date-fns@"^2.28.0 || ^3.0.0" from react-day-picker@8.10.1',
  'node_modules/react-day-picker',
  '  react-day-picker@"8.10.1" from the root project',
  '',
  'Fix the upstream dependency conflict, or retry this command with --force or --legacy-peer-deps',
);

it('names both packages of a peer conflict, and the ways out', () => {
  const told = explainBuildLog(known, peers);
  expect(told).toMatchObject({
    reason: 'DependencyMissing',
    message: 'react-day-picker@8.10.1 requires date-fns ^2.28.0 || ^3.0.0, but package.json leads to date-fns@4.1.0',
  });
  expect(told.remedy).toMatch(/change date-fns to "\^2\.28\.0 \|\| \^3\.0\.0", or react-day-picker to a version/);
  expect(told.remedy).toContain('.npmrc with the line legacy-peer-deps=true');
  expect(explainBuildLog(known, npm('code ERESOLVE')).message).toContain('ERESOLVE');
});

it.each<[name: string, log: string, message: RegExp, remedy: RegExp]>([
  [
    'pnpm refuses a lockfile of another version',
    ' ERR_PNPM_LOCKFILE_BREAKING_CHANGE  Lockfile /app/pnpm-lock.yaml not compatible with current pnpm',
    /pnpm-lock\.yaml was written by another version of pnpm/,
    /"packageManager": "pnpm@…"/,
  ],
  [
    'pnpm ignores a lockfile of another version',
    ' WARN  Ignoring not compatible lockfile at /app/pnpm-lock.yaml\n ERR_PNPM_NO_LOCKFILE  Cannot install with "frozen-lockfile" because pnpm-lock.yaml is absent',
    /pnpm-lock\.yaml was written by another version/,
    /packageManager/,
  ],
  [
    'Yarn 1 reads a lockfile of Yarn 4',
    'error Invalid value type 4:11 in /app/yarn.lock',
    /yarn\.lock was written by another version of Yarn/,
    /"yarn@…"/,
  ],
  [
    'Yarn 4 may not change the lockfile',
    '➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.',
    /lockfile does not match/,
    /send the new lockfile/,
  ],
  [
    'Bun may not change the lockfile',
    'error: lockfile had changes, but lockfile is frozen',
    /does not match/,
    /install/,
  ],
  [
    'Deno of another version',
    "error: Failed reading lockfile at '/app/deno.lock'\n\nCaused by:\n    Unsupported lockfile version '9'.",
    /deno\.lock was written by another version of Deno/,
    /\.deno-version/,
  ],
  [
    'Deno may not change the lockfile',
    'error: The lockfile is out of date. Run `deno install --frozen=false` to update it.',
    /does not match/,
    /lockfile/,
  ],
  [
    'uv may not change the lockfile',
    'error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.',
    /does not match/,
    /lockfile/,
  ],
  [
    'Cargo does not know the lockfile',
    'error: failed to parse lock file at: /app/Cargo.lock\n\nCaused by:\n  lock file version `4` was found, but this version of Cargo does not understand this lock file, perhaps Cargo needs to be updated?',
    /Cargo\.lock was written by another version of Cargo/,
    /leave it out/,
  ],
  [
    'npm refuses another Node.js',
    npm(
      'code EBADENGINE',
      'engine Unsupported engine',
      'engine Not compatible with your version of node/npm: vite@7.0.0',
      'notsup Not compatible with your version of node/npm: vite@7.0.0',
      'notsup Required: {"node":"^20.19.0 || >=22.12.0"}',
      'notsup Actual:   {"npm":"10.8.2","node":"v20.10.0"}',
    ),
    /vite@7\.0\.0 does not work .* \(it requires \{"node":"\^20\.19\.0 \|\| >=22\.12\.0"\}\)/,
    /engines/,
  ],
  [
    'Yarn 1 refuses another Node.js',
    'error next@15.0.0: The engine "node" is incompatible with this module. Expected version "^18.18.0 || >= 20.0.0". Got "16.20.0"',
    /next@15\.0\.0 .* requires \^18\.18\.0 \|\| >= 20\.0\.0/,
    /engines/,
  ],
  [
    'pip refuses another Python',
    "ERROR: Package 'scene' requires a different Python: 3.14.0 not in '<3.13,>=3.10'",
    /scene does not work .* requires <3\.13,>=3\.10/,
    /requires-python/,
  ],
  [
    'Go is too old for go.mod',
    'go: go.mod requires go >= 1.30 (running go 1.26.0; GOTOOLCHAIN=local)',
    /requires go 1\.30/,
    /go\.mod/,
  ],
  [
    'a tool that nothing declares (dash)',
    '> build\n> vite build\n\nsh: 1: vite: not found',
    /command vite .*127/,
    /devDependencies/,
  ],
  ['a tool that nothing declares (ash)', 'sh: tsc: not found', /command tsc/, /devDependencies/],
  ['a tool that nothing declares (bash)', 'bash: line 1: turbo: command not found', /command turbo/, /devDependencies/],
  ['a tool of the operating system', '/bin/sh: 1: git: not found', /command git/, /apt-get install -y git\b/],
  ['a program that is run by another', 'Error: spawn ffmpeg ENOENT', /command ffmpeg/, /package ffmpeg/],
  [
    'a library that the image lacks',
    'ImportError: libGL.so.1: cannot open shared object file: No such file or directory',
    /libGL\.so\.1 is not in the image \(Debian package libgl1\)/,
    /opencv-python-headless.*apt-get install -y libgl1/,
  ],
  [
    'a module under another name',
    "ModuleNotFoundError: No module named 'sklearn.model_selection'",
    /sklearn\.model_selection/,
    /Add scikit-learn to requirements\.txt/,
  ],
])('%s', (_name, log, message, remedy) => {
  const told = explainBuildLog(
    known,
    `STEP 5/9: RUN install\n${log}\nError: building at STEP "RUN install": exit status 1`,
  );
  expect(told.reason).toBe('DependencyMissing');
  expect(told.message).toMatch(message);
  expect(told.remedy).toMatch(remedy);
});

it.each([
  [
    'curl',
    '#!/bin/sh\n+ curl -fsSL https://get.example.com/install.sh\ncurl: (56) CONNECT tunnel failed, response 403',
    'get.example.com',
  ],
  ['curl without a proxy', 'curl: (6) Could not resolve host: get.example.com', 'get.example.com'],
  ['wget', 'wget: unable to resolve host address ‘get.example.com’', 'get.example.com'],
  ['wget of busybox', "wget: bad address 'get.example.com'", 'get.example.com'],
  ['git', "fatal: unable to access 'https://github.com/a/b.git/': CONNECT tunnel failed, response 403", 'github.com'],
  [
    'npm',
    npm(
      'code ENOTFOUND',
      'syscall getaddrinfo',
      'errno ENOTFOUND',
      'network request to https://npm.example.com/left-pad failed, reason: getaddrinfo ENOTFOUND npm.example.com',
    ),
    'npm.example.com',
  ],
  ['Node.js', 'Error: getaddrinfo EAI_AGAIN binaries.prisma.sh', 'binaries.prisma.sh'],
  [
    'pip',
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403 Forbidden'))': /simple/flask/\nERROR: HTTPSConnectionPool(host='wheels.example.com', port=443): Max retries exceeded with url: /x.whl (Caused by ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403 Forbidden')))\nERROR: No matching distribution found for flask",
    'wheels.example.com',
  ],
  [
    'Go',
    'go: example.com/x@v1.0.0: Get "https://proxy.golang.org/example.com/x/@v/v1.0.0.mod": Forbidden',
    'proxy.golang.org',
  ],
  [
    'Go without a proxy',
    'Get "https://sum.golang.org/x": dial tcp: lookup sum.golang.org on 10.96.0.10:53: no such host',
    'sum.golang.org',
  ],
  [
    'Deno',
    "error: Import 'https://deno.land/std/http/server.ts' failed.\n    0: error sending request for url (https://deno.land/std/http/server.ts): client error (Connect): unsuccessful tunnel",
    'deno.land',
  ],
  [
    'Deno and JSR',
    "error: JSR package manifest for '@std/path' failed to load. Import 'https://jsr.io/@std/path/meta.json' failed.",
    'jsr.io',
  ],
  ['Next.js', 'Failed to fetch `Inter` from Google Fonts.', 'fonts.googleapis.com'],
])('names the host that the build may not reach: %s', (_tool, log, host) => {
  const told = explainBuildLog(known, `STEP 5/9: RUN build\n${log}\nError: exit status 1`);
  expect(told.reason).toBe('HostRefused');
  expect(told.message).toContain(`tried to reach ${host},`);
  expect(told.remedy).toMatch(/allow the host/);
});

it('does not take a warning of npm, or a page that is forbidden, for a refused host', () => {
  for (const log of [
    'npm warn audit request to https://registry.npmjs.org failed, reason: getaddrinfo ENOTFOUND registry.npmjs.org',
    'AssertionError: GET /admin: Forbidden',
  ])
    expect(explainBuildLog(known, log)).toBe(known);
});

it.each([
  ['/usr/bin/env: ‘node\\r’: No such file or directory', /Windows line ends/, /LF line ends/],
  ["env: can't execute 'node\\r': No such file or directory", /Windows line ends/, /LF line ends/],
  ['/bin/sh: 1: ./build.sh: /bin/sh^M: bad interpreter: No such file or directory', /Windows line ends/, /LF/],
  ["./build.sh: line 2: $'\\r': command not found", /Windows line ends/, /LF/],
  ['build.sh: 2: \\r: not found', /Windows line ends/, /LF/],
  ['exec /app/start.sh: no such file or directory', /\/app\/start\.sh .* interpreter/, /LF/],
  ['/bin/sh: 1: ./tool: Exec format error', /\.\/tool .* architecture/, /architecture/],
  ['exec /usr/local/bin/tool: exec format error', /\/usr\/local\/bin\/tool .* architecture/, /architecture/],
])('keeps the reason of a failed step and says why: %s', (log, message, remedy) => {
  const told = explainBuildLog(known, `STEP 3\n${log}\nError: exit status 1`);
  expect(told.reason).toBe('BuildFailed');
  expect(told.message).toMatch(message);
  expect(told.remedy).toMatch(remedy);
});

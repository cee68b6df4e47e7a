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

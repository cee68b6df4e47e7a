import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { artifactFrom } from '../lib/artifact-from.ts';
import { proves, scenario } from '../lib/scenario.ts';

const server = readFileSync(new URL('../apps/express-npm/server.js', import.meta.url), 'utf8');
/** npm's own words after an installation. */
const installed = /added \d+ packages/;

scenario('a one-line change installs nothing again', proves('path.layer-cache'), async stage => {
  const app = stage.app('cached');
  await app.apply(artifactFrom('express-npm'));
  await app.runs();
  expect(await app.buildLog(1)).toMatch(installed);

  await app.apply(artifactFrom('express-npm', { files: { 'server.js': server.replace("'hello'", "'hello again'") } }));
  await app.reaches({ current: true, phase: 'running', serving: { version: 2 } });
  expect((await app.ask('/')).text).toContain('hello again');
  expect(await app.buildLog(2)).not.toMatch(installed);
});

import { expect } from 'vitest';
import { sampleRun } from '../lib/sample-run.ts';
import { proves, scenario } from '../lib/scenario.ts';

scenario('Express with npm dependencies', proves('source.express', 'path.phases', 'path.no-orphan'), stage =>
  sampleRun(stage, 'express-npm', async app => {
    expect(JSON.parse((await app.ask('/')).text)).toEqual({ app: 'express-npm', greeting: 'hello' });
  }),
);

scenario('a pnpm project', proves('source.pnpm'), stage =>
  sampleRun(stage, 'pnpm', async app => {
    expect(JSON.parse((await app.ask('/')).text)).toEqual({ app: 'pnpm' });
  }),
);

scenario('a TypeScript server with a build script', proves('source.typescript'), stage =>
  sampleRun(stage, 'ts-server', async app => {
    expect(JSON.parse((await app.ask('/a/path?x=1')).text)).toEqual({ app: 'ts-server', path: '/a/path?x=1' });
  }),
);

scenario('a single server file', proves('source.node-plain'), stage =>
  sampleRun(
    stage,
    'node-plain',
    async app => expect(JSON.parse((await app.ask('/')).text)).toMatchObject({ app: 'node-plain', mode: 'tested' }),
    { run: { env: [{ name: 'MODE', value: 'tested' }] } },
  ),
);

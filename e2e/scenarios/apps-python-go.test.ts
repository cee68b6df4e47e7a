import { expect } from 'vitest';
import { sampleRun } from '../lib/sample-run.ts';
import { proves, scenario } from '../lib/scenario.ts';

scenario('FastAPI', proves('source.fastapi', 'path.phases', 'path.no-orphan'), stage =>
  sampleRun(stage, 'fastapi', async app => {
    expect(JSON.parse((await app.ask('/double/21')).text)).toEqual({ app: 'fastapi', doubled: 42 });
    expect((await app.ask('/double/many')).status).toBe(422);
  }),
);

scenario('Flask', proves('source.flask'), stage =>
  sampleRun(stage, 'flask', async app => expect(JSON.parse((await app.ask('/')).text)).toEqual({ app: 'flask' })),
);

scenario('a Go module', proves('source.go'), stage =>
  sampleRun(stage, 'go-module', async app => {
    expect((await app.ask('/')).text).toBe('go-module 25ede8e1-ebf5-57e9-92a4-dfd1272309e7\n');
  }),
);

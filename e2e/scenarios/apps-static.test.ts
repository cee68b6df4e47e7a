import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { sampleRun } from '../lib/sample-run.ts';
import { proves, scenario } from '../lib/scenario.ts';

scenario(
  'a static site',
  proves('source.static', 'path.phases', 'path.probe', 'path.restricted', 'path.no-orphan'),
  stage =>
    sampleRun(stage, 'static-nested', async (app, state) => {
      expect(state.serving?.probe).toMatchObject({ status: 200, title: 'Nested static site' });
      expect(state.serving?.probe?.faults ?? []).toEqual([]);
      expect((await app.ask('/')).text).toContain('<h1>Nested static site</h1>');
      expect((await app.ask('/docs/guide/deep/page.html')).text).toContain('four folders down: grüße');
      expect((await app.ask('/css/site.css')).headers['content-type']).toMatch(/^text\/css/);
      const image = await app.ask('/img/dot.png');
      expect(image.headers['content-type']).toBe('image/png');
      expect(image.bytes).toEqual(readFileSync(new URL('../apps/static-nested/img/dot.png', import.meta.url)));
    }),
);

scenario('a Vite + React app', proves('source.vite-react'), stage =>
  sampleRun(stage, 'vite-react', async (app, state) => {
    expect(state.serving?.probe).toMatchObject({ status: 200, title: 'Vite and React' });
    expect(state.serving?.probe?.faults ?? []).toEqual([]);
    const script = /src="(\/assets\/[^"]+\.js)"/.exec((await app.ask('/')).text)?.[1] ?? 'no script';
    expect((await app.ask(script)).text).toContain('built by vite');
    // A path of the app's own router is the page, too.
    expect((await app.ask('/some/route')).text).toContain('<div id="root">');
  }),
);

scenario('a user’s own Dockerfile', proves('source.dockerfile'), stage =>
  sampleRun(
    stage,
    'user-dockerfile',
    async (app, state) => {
      expect((await app.ask('/')).text).toContain('My own Dockerfile');
      expect((await app.ask('/greeting.txt')).text).toBe('made by the user: hello, builder\n');
      expect(state.build).toMatchObject({ language: 'dockerfile', port: 9000, uid: 4711 });
    },
    { build: { args: [{ name: 'GREETING', value: 'hello, builder' }] } },
  ),
);

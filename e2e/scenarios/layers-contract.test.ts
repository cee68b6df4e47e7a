// One contract for both builders: the same app, built by each, says the same. Their answers are compared, not expected: what an app
// should say is said in the scenarios of its language.
import { expect } from 'vitest';
import { artifactFrom } from '../lib/artifact-from.ts';
import { proves, scenario } from '../lib/scenario.ts';

const paths: Readonly<Record<string, readonly string[]>> = {
  'static-nested': ['/', '/docs/guide/deep/page.html', '/css/site.css', '/img/dot.png', '/nothing.js', '/a/route'],
  'node-plain': ['/'],
  'express-npm': ['/', '/nothing'],
  'vite-react': ['/', '/some/route', '/nothing.js'],
  fastapi: ['/', '/nothing'],
  flask: ['/', '/nothing'],
  'go-module': ['/', '/nothing'],
  pnpm: ['/'],
  'ts-server': ['/a/path?x=1'],
};
const compared = ['content-type', 'cache-control', 'content-length', 'x-content-type-options', 'vary'] as const;

for (const [folder, asked] of Object.entries(paths)) {
  scenario.beside(`${folder} by either builder`, proves('layers.same-behaviour'), async stage => {
    const [layers, buildah] = await Promise.all(
      (['layers', 'buildah'] as const).map(async builder => {
        const app = stage.app(builder);
        await app.apply(artifactFrom(folder, { name: builder, build: { builder } }));
        const { build, serving } = await app.runs({ within: 500 });
        const answers = [];
        for (const path of asked) {
          const { status, headers, text } = await app.ask(path);
          answers.push([path, status, text, ...compared.map(name => headers[name])]);
        }
        const { port, fixedPort, uid, readOnlyRoot, language, why, sourceDigest, warnings } = build ?? {};
        const facts = { port, fixedPort, uid, readOnlyRoot, language, why: why?.slice(0, -1), sourceDigest, warnings };
        return { builder: build?.builder, facts, answers, probe: serving?.probe?.status };
      }),
    );
    expect([layers?.builder, buildah?.builder]).toEqual(['layers', 'buildah']);
    expect({ ...layers, builder: '' }).toEqual({ ...buildah, builder: '' });
  });
}

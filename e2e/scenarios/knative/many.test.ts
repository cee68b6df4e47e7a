import { expect } from 'vitest';
import { artifactFrom, artifactOf } from '../../lib/artifact-from.ts';
import { eventually } from '../../lib/eventually.ts';
import { proves, scenario } from '../../lib/scenario.ts';

scenario('25 artifacts at once', proves('knative.many'), async stage => {
  const builder = stage.app('built');
  await builder.apply(artifactFrom('node-plain'));
  const { build } = await builder.runs();
  const apps = Array.from({ length: 25 }, (_, i) => stage.app(`many-${i}`));
  const started = performance.now();
  await Promise.all(
    apps.map(app => {
      const env = [{ name: 'MODE', value: app.name }];
      return app.apply(artifactOf({ image: { ref: build?.image ?? '' } }, { run: { env } }));
    }),
  );
  const states = await Promise.all(apps.map(app => app.runs({ within: 500 })));
  console.log(`25 at once: ${Math.round((performance.now() - started) / 1000)} s until all are ready`);
  expect(states.every(s => s.target === 'knative')).toBe(true);
  // Most of them sleep by now, and two cores do not wake 25 at once within a request's patience.
  for (const app of apps)
    await eventually(async () => JSON.parse((await app.ask('/')).text).mode as string, app.name, { within: 60 });
});

import type { V1Pod } from '@kubernetes/client-node';
import { kinds, type Typed } from '@vibed/store/kube';
import { expect } from 'vitest';
import { artifactFrom } from '../lib/artifact-from.ts';
import { childrenOf } from '../lib/children.ts';
import { Creations } from '../lib/creations.ts';
import { eventually, throughout } from '../lib/eventually.ts';
import { failsFromTheStart } from '../lib/fails.ts';
import { proves, scenario } from '../lib/scenario.ts';

scenario('a build step fails', proves('failure.BuildFailed', 'failure.stalls', 'versions.retry'), async stage => {
  const app = stage.app('bad-build');
  await app.apply(artifactFrom('failing/bad-build'));
  const expected = { step: 'build', remedy: /\S/, excerpt: /home\.page:3: unexpected "}"/ } as const;
  const first = await failsFromTheStart(app, 'BuildFailed', expected);
  expect(await app.buildLog(1)).toContain('home.page:3');

  await using jobs = await Creations.ofJobs(stage.cluster, await app.uid());
  await throughout(10, () => app.state(), { phase: 'failed', conditions: { Stalled: { status: 'True' } } });
  expect(await app.state()).toEqual(first);
  await app.retry('once more');
  await eventually(() => app.state(), { phase: /pending|building/ }, { everyMs: 50, within: 30 });
  await failsFromTheStart(app, 'BuildFailed', expected);
  expect(await jobs.end()).toHaveLength(1);
});

scenario.beside('a dependency does not exist', proves('failure.DependencyMissing'), async stage => {
  const app = stage.app('missing-dependency');
  await app.apply(artifactFrom('failing/missing-dependency'));
  await failsFromTheStart(app, 'DependencyMissing', {
    step: 'build',
    message: /vibed-e2e-no-such-package-7f3a/,
    remedy: /package\.json/,
    excerpt: /404/,
  });
});

scenario.beside('a build takes too long', proves('failure.BuildTimeout'), async stage => {
  const app = stage.app('slow-build');
  await app.apply(artifactFrom('failing/slow-build', { build: { timeout: '40s' } }));
  await failsFromTheStart(app, 'BuildTimeout', {
    step: 'build',
    remedy: /timeout/,
    excerpt: /compiling for a very long time/,
  });
  const running = async () => {
    const pods = await childrenOf<Typed<V1Pod>>(stage.cluster, kinds.pod, stage.namespace, await app.uid());
    return pods.filter(pod => pod.status?.phase === 'Running' || pod.status?.phase === 'Pending').length;
  };
  await eventually(running, 0 as number, { within: 90 });
});

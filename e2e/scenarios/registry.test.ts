// What becomes of images: the port's contract on the real registry, and the end of an image's life.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { artifactFrom } from '../lib/artifact-from.ts';
import { hasManifest, tagsOf } from '../lib/registry.ts';
import { proves, scenario } from '../lib/scenario.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const contract = ['node_modules/vitest/vitest.mjs', 'run', 'operator/src/registry/contract.test.ts'];

scenario('the registry client keeps its contract', proves('registry.contract'), async ({ cluster }) => {
  const env = { VIBED_TEST_REGISTRY: cluster.registryURL, VIBED_TEST_REGISTRY_AUTH: cluster.registryAuth };
  const { stdout } = await promisify(execFile)(process.execPath, contract, { cwd: checkout, env });
  expect(stdout).toMatch(/Tests .*passed/);
});

scenario('a deleted app takes its images along', proves('registry.deleted'), async stage => {
  const { cluster, namespace } = stage;
  const [app, neighbour] = [stage.app('leaver'), stage.app('leaver-cache')];
  const repositories = [`vibed/${namespace}/leaver`, `vibed/${namespace}/leaver_cache`] as const;
  const tags = () => Promise.all(repositories.map(repository => tagsOf(cluster, repository)));
  await Promise.all([app.apply(artifactFrom('express-npm')), neighbour.apply(artifactFrom('node-plain'))]);
  const { build } = await app.runs();
  const beside = await neighbour.runs();
  // The image, and the layer of its dependencies.
  expect((await tags()).map(each => each.length > 0)).toEqual([true, true]);

  await app.delete();
  expect(await tags()).toEqual([[], []]);
  expect(await hasManifest(cluster, repositories[0], build?.digest ?? '')).toBe(false);
  const own = `vibed/${namespace}/leaver-cache`;
  expect(await hasManifest(cluster, own, beside.build?.digest ?? '')).toBe(true);

  await app.apply(artifactFrom('express-npm'));
  const again = await app.runs();
  expect(await hasManifest(cluster, repositories[0], again.build?.digest ?? '')).toBe(true);
});

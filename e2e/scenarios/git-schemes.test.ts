import { isKubeError, kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { artifactOf } from '../lib/artifact-from.ts';
import { proves, scenario } from '../lib/scenario.ts';

scenario.beside('git URLs by setting', proves('input.git-schemes'), async ({ cluster, namespace }) => {
  const from = (url: string) =>
    cluster.client.create(kinds.artifact, {
      ...artifactOf({ git: { url } }, {}),
      metadata: { name: 'scheme', namespace },
    });
  const refused = await from('ssh://git.example.com/x.git').catch((error: unknown) => error);
  expect(isKubeError(refused, 'Invalid') || isKubeError(refused, 'Forbidden')).toBe(true);
  expect(String(refused)).toMatch(/spec\.source\.git\.url: ssh is not allowed here; use https or http/);
  // Reachable or not is the build's business: admission lets the allowed scheme in.
  await from('http://git.example.invalid/x.git');
});

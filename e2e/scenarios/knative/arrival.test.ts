// Begins without Knative and ends with it: the other scenarios of this folder come after this file.
import { expect } from 'vitest';
import { artifactFrom } from '../../lib/artifact-from.ts';
import { throughout } from '../../lib/eventually.ts';
import { installKnative, isKnativeThere, knativeServiceOf, podsOf, removeKnative } from '../../lib/knative.ts';
import { proves, scenario } from '../../lib/scenario.ts';

scenario('Knative arrives while the operator runs', proves('target.arrives', 'target.named-waits'), async stage => {
  if (await isKnativeThere(stage.cluster)) await removeKnative();
  const early = stage.app('early');
  await early.apply(artifactFrom('node-plain', { target: 'auto' }));
  const before = await early.runs();
  expect(before.target).toBe('kubernetes');
  expect(before.conditions.Accepted?.message).toMatch(/auto chose kubernetes/);

  const waiting = stage.app('waiting');
  await waiting.apply(artifactFrom('node-plain', { target: 'knative' }));
  const said = await waiting.reaches({ current: true, phase: 'pending' });
  expect(said.conditions.Accepted).toMatchObject({ status: 'Unknown', reason: 'TargetUnavailable' });
  expect(said.conditions.Accepted?.message).toMatch(/Knative Serving .* is not installed.*starts by itself/);
  const wasm = stage.app('wasm');
  await wasm.apply(artifactFrom('node-plain', { target: 'wasmcloud' }));
  expect((await wasm.reaches({ current: true, phase: 'pending' })).conditions.Accepted?.message).toMatch(
    /wasmCloud v2/,
  );

  // Its pods and not its visitors, so far: this cluster's ingress is restarted to learn of Knative.
  const pods = await podsOf(early);
  await installKnative();
  await using visitors = await early.steadyProbe();
  expect((await waiting.runs()).target).toBe('knative');
  const late = stage.app('late');
  await late.apply(artifactFrom('node-plain'));
  expect((await late.runs()).target).toBe('knative');
  expect((await knativeServiceOf(late)).status?.url).toContain('late-');
  await throughout(5, () => early.state(), { phase: 'running', target: 'kubernetes', serving: { version: 1 } });
  expect(await podsOf(early)).toEqual(pods);
  expect((await visitors.stop()).failures).toEqual([]);
});

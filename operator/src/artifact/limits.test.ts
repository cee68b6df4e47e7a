import type { RunSpec } from '@vibed/crds';
import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../settings.ts';
import { accept } from './accept.ts';
import { excessOf } from './limits.ts';
import { fileSpec, settings, worldOf } from './world.testing.ts';

const variables = (count: number, bytes: number): RunSpec['env'] =>
  Array.from({ length: count }, (_, i) => ({ name: `V${i}`, value: 'x'.repeat(bytes) }));

describe('a spec that asks for more than what is shared allows', () => {
  it.each([
    ['spec.build.resources.cpu', { build: { resources: { cpu: '64' } } }],
    ['spec.build.resources.cpu', { build: { resources: { cpu: '4001m' } } }],
    ['spec.build.resources.memory', { build: { resources: { memory: '512Gi' } } }],
    ['spec.build.resources.memory', { build: { resources: { memory: '1T' } } }],
    ['spec.build.resources.memory', { build: { resources: { memory: '8589934593' } } }],
    ['spec.build.timeout', { build: { timeout: '31m' } }],
    ['spec.build.timeout', { build: { timeout: '99999h' } }],
    ['spec.run.resources.cpu', { run: { resources: { cpu: '5' } } }],
    ['spec.run.resources.memory', { run: { resources: { memory: '9Gi' } } }],
    ['spec.run.scale.min', { run: { scale: { min: 21, max: 20 } } }],
    ['spec.run.scale.max', { run: { scale: { max: 50 } } }],
    ['spec.run.health.startupTimeout', { run: { health: { startupTimeout: '16m' } } }],
    ['spec.run.env', { run: { env: variables(5, 32_000) } }],
    ['spec.run.env', { run: { env: [{ name: 'A', value: '€'.repeat(50_000) }] } }],
  ])('is refused by its field: %s', (field, more) => {
    expect(excessOf(more, settings).map(excess => excess.field)).toEqual([field]);
  });

  it.each([
    ['nothing', {}],
    ['the most', { build: { resources: { cpu: '4', memory: '8Gi' }, timeout: '30m' } }],
    [
      'the most in other units',
      { run: { resources: { cpu: '4000m', memory: '8192Mi' }, scale: { min: 20, max: 20 } } },
    ],
    ['many small variables', { run: { env: variables(100, 500) } }],
  ])('is not one that asks for %s', (_what, more) => {
    expect(excessOf(more, settings)).toEqual([]);
  });
});

it('is told with the field, the most and the setting', () => {
  const spec = fileSpec('sha256:one', { build: { resources: { cpu: '64', memory: '512Gi' } } });
  expect(accept(worldOf({ spec }), settings)).toMatchObject({
    state: 'failed',
    failure: {
      reason: 'LimitExceeded',
      message: 'spec.build.resources.cpu: 64 is more than 4',
      remedy: expect.stringMatching(/^Set spec\.build\.resources\.cpu to at most 4, .*builds\.resourcesMax\.cpu/),
    },
  });
  expect(accept(worldOf({ spec: { ...spec, suspend: true } }), settings)).toMatchObject({ state: 'done' });
});

it('is measured by the settings of the site', () => {
  const site = settingsSchema.parse({
    ...settings,
    builds: { image: 'buildah', resourcesMax: { cpu: '64', memory: '512Gi' } },
  });
  expect(excessOf({ build: { resources: { cpu: '64', memory: '512Gi' } } }, site)).toEqual([]);
});

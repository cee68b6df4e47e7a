// The most that a spec may ask of what all tenants share: nodes, builders and the cluster's own store. What exceeds it is refused, not made
// smaller: an app that gets less than it asked for fails later, and without a reason.
import { Buffer } from 'node:buffer';
import type { ArtifactSpec } from '@vibed/crds';
import type { CompactSpec } from '@vibed/store';
import { secondsOf } from '../deployer/deployer.ts';
import { quantityOf } from '../quantity.ts';
import type { Settings } from '../settings.ts';

type Spec = Pick<ArtifactSpec | CompactSpec, 'build' | 'run'>;

/** A field that asks for more than a setting allows. */
export interface Excess {
  field: string;
  asked: string;
  most: string;
  setting: string;
}

/** Every field of a spec that asks for too much. */
export function excessOf({ build = {}, run = {} }: Spec, { builds, tenants }: Settings): Excess[] {
  const { scale = {} } = run;
  const instances = (field: 'min' | 'max') =>
    numbers(`spec.run.scale.${field}`, scale[field], tenants.instancesMax, 'tenants.instancesMax');
  return [
    ...resources('spec.build.resources', build.resources, builds.resourcesMax, 'builds.resourcesMax'),
    ...durations('spec.build.timeout', build.timeout, builds.timeoutMaxSeconds, 'builds.timeoutMaxSeconds'),
    ...resources('spec.run.resources', run.resources, tenants.resourcesMax, 'tenants.resourcesMax'),
    ...instances('min'),
    ...instances('max'),
    ...durations(
      'spec.run.health.startupTimeout',
      run.health?.startupTimeout,
      tenants.startupTimeoutMaxSeconds,
      'tenants.startupTimeoutMaxSeconds',
    ),
    ...numbers('spec.run.env', envBytes(run.env), tenants.envBytesMax, 'tenants.envBytesMax', ' bytes'),
  ];
}

/** The field, what it asks for and the most that it may. */
export const excessMessage = ({ field, asked, most }: Excess): string => `${field}: ${asked} is more than ${most}`;

export const excessRemedy = ({ field, most, setting }: Excess): string =>
  `Set ${field} to at most ${most}, or ask an administrator of vibeD to raise ${setting} in the settings.`;

/** Bytes of the variables that a spec holds itself: they are part of each version and of each of its pods. */
const envBytes = (env: NonNullable<Spec['run']>['env'] = []): number =>
  env.reduce((sum, { name, value = '' }) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);

type Resources = NonNullable<NonNullable<Spec['run']>['resources']>;

function resources(
  field: string,
  asked: Resources = {},
  most: { cpu: string; memory: string },
  setting: string,
): Excess[] {
  return (['cpu', 'memory'] as const).flatMap(name => {
    const value = asked[name];
    if (value === undefined || (quantityOf(value) ?? 0) <= (quantityOf(most[name]) ?? 0)) return [];
    return [{ field: `${field}.${name}`, asked: value, most: most[name], setting: `${setting}.${name}` }];
  });
}

function durations(field: string, asked: string | undefined, most: number, setting: string): Excess[] {
  if (asked === undefined || (secondsOf(asked) ?? 0) <= most) return [];
  return [{ field, asked, most: `${most}s`, setting }];
}

function numbers(field: string, asked: number | undefined, most: number, setting: string, unit = ''): Excess[] {
  if (asked === undefined || asked <= most) return [];
  return [{ field, asked: `${asked}${unit}`, most: `${most}${unit}`, setting }];
}

// The values that reach a build: those of spec.build.env, and those of the running app that a framework publishes all the same.
import { isPublished } from '@vibed/recipe';
import type { CompactSpec } from '@vibed/store';

export interface BuildValue {
  readonly name: string;
  readonly value: string;
}

/** What a plan has to know of them: never a value. */
export interface ValueNames {
  readonly env: readonly string[];
  /** Those of run.env. */
  readonly published: readonly string[];
}

/**
 * Values of spec.run.env whose names begin with a framework's public prefix. A page is built with them or not at all. Those of a
 * Secret are left out: a build never reads one.
 */
export function publishedValues({ build, run }: Pick<CompactSpec, 'build' | 'run'>): BuildValue[] {
  const given = new Set((build?.env ?? []).map(({ name }) => name));
  return (run?.env ?? []).flatMap(({ name, value }) =>
    value === undefined || given.has(name) || !isPublished(name) ? [] : [{ name, value }],
  );
}

export const buildValues = (spec: Pick<CompactSpec, 'build' | 'run'>): BuildValue[] => [
  ...(spec.build?.env ?? []),
  ...publishedValues(spec),
];

export function valueNames(spec: Pick<CompactSpec, 'build' | 'run'>): ValueNames {
  return {
    env: buildValues(spec).map(({ name }) => name),
    published: publishedValues(spec).map(({ name }) => name),
  };
}

import type { CompactSpec } from '@vibed/store';
import { describe, expect, it } from 'vitest';
import { buildValues, valueNames } from './build-values.ts';
import { buildKey, versionHash } from './keys.ts';
import { fileSpec } from './world.testing.ts';

const spec = (more: Pick<CompactSpec, 'build' | 'run'>): CompactSpec => ({ ...fileSpec(), ...more });
const key = (more: Pick<CompactSpec, 'build' | 'run'>) => buildKey(spec(more), undefined);
const run = (name: string, value: string): Pick<CompactSpec, 'run'> => ({ run: { env: [{ name, value }] } });

describe('the values of a build', () => {
  it('are those of spec.build.env, then those of the app whose names a framework publishes', () => {
    const both = spec({
      build: { env: [{ name: 'VITE_A', value: 'build' }] },
      run: {
        env: [
          { name: 'VITE_A', value: 'run' },
          { name: 'NEXT_PUBLIC_B', value: 'b' },
          { name: 'DATABASE_URL', value: 'postgres://u:p@db' },
          { name: 'VITE_SECRET', secretRef: { name: 's', key: 'k' } },
        ],
      },
    });
    expect(buildValues(both)).toEqual([
      { name: 'VITE_A', value: 'build' },
      { name: 'NEXT_PUBLIC_B', value: 'b' },
    ]);
    expect(valueNames(both)).toEqual({ env: ['VITE_A', 'NEXT_PUBLIC_B'], published: ['NEXT_PUBLIC_B'] });
  });
});

describe('the build key', () => {
  const plain = key({});

  it('is another one for each value, and for the folder', () => {
    const env = (value: string) => key({ build: { env: [{ name: 'VITE_A', value }] } });
    expect(
      new Set([plain, env('1'), env('2'), key({ build: { path: 'web' } }), key({ build: { path: 'api' } })]).size,
    ).toBe(5);
  });

  it('changes with a variable of the app that is published, and with no other', () => {
    expect(new Set([plain, key(run('VITE_A', '1')), key(run('VITE_A', '2'))]).size).toBe(3);
    expect(key(run('DATABASE_URL', '1'))).toBe(plain);
  });

  it('of a prebuilt image depends on no variable', () => {
    const source = { image: { ref: 'ghcr.io/a/b@sha256:x' } };
    expect(buildKey({ source, ...run('VITE_A', '1') }, undefined)).toBe(buildKey({ source }, undefined));
  });

  it('and the version hash of an artifact without any of them are what they were before', () => {
    const old = spec({ build: { language: 'nodejs' }, run: { port: 3000, env: [{ name: 'A', value: 'b' }] } });
    expect([buildKey(old, 'r'), versionHash(buildKey(old, 'r'), old, 'kubernetes')]).toMatchInlineSnapshot(`
      [
        "67b352b38b406ecd",
        "e4dad6d7",
      ]
    `);
  });
});

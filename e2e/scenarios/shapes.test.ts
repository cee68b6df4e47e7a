import type { ArtifactSource } from '@vibed/crds';
import { describe, expect } from 'vitest';
import type { App } from '../lib/app.ts';
import { artifactOf } from '../lib/artifact-from.ts';
import { fails } from '../lib/fails.ts';
import { proves, scenario } from '../lib/scenario.ts';
import { failing, running, type Shape } from '../lib/shapes/index.ts';

const sourceOf = ({ files }: Shape): ArtifactSource => ({
  files: Object.entries(files).map(([path, content]) => ({ path, content })),
});

/** The page, and the scripts that it loads: a single-page app says what it shows in them. */
async function seen(app: App, path = '/'): Promise<string> {
  const page = await app.ask(path);
  const scripts = [...page.text.matchAll(/<script[^>]{0,200}src="([^"]+)"/g)].map(match => match[1] ?? '');
  const texts = await Promise.all(scripts.map(async script => (await app.ask(script)).text));
  return [page.text, ...texts].join('\n');
}

describe('an app of an unusual shape runs', () => {
  for (const [i, shape] of running.entries())
    scenario.beside(shape.title, proves('shape.runs'), async stage => {
      const app = stage.app(`shape-${i}`);
      await app.apply(artifactOf(sourceOf(shape), { name: app.name, ...(shape.build && { build: shape.build }) }));
      const { serving, build } = await app.runs();
      expect(serving?.probe?.faults ?? []).toEqual([]);
      expect(build?.summary).toMatch(/\w/);
      expect(await seen(app, shape.path)).toContain(shape.text);
    });
});

describe('an app that cannot run says why', () => {
  for (const [i, shape] of failing.entries())
    scenario.beside(shape.title, proves('shape.explained'), async stage => {
      const app = stage.app(`shape-${i}`);
      await app.apply(artifactOf(sourceOf(shape), { name: app.name }));
      const { failure } = await fails(app, shape.reason, { step: shape.step ?? 'build', remedy: /\w/ });
      for (const text of shape.says) expect(`${failure?.message} ${failure?.remedy}`).toContain(text);
    });
});

import { readdirSync, readFileSync } from 'node:fs';
import { artifactSchema } from '@vibed/crds';
import { describe, expect, test } from 'vitest';
import { artifactFrom, filesOf } from './artifact-from.ts';

const apps = new URL('../apps/', import.meta.url);
const folders = [...readdirSync(apps), ...readdirSync(new URL('failing/', apps)).map(name => `failing/${name}`)];
const samples = folders.filter(name => name !== 'failing');

describe('every sample app', () => {
  test.for(samples)('%s is an Artifact that admission takes', folder => {
    expect(artifactSchema.safeParse(artifactFrom(folder)).error).toBeUndefined();
  });
});

test('bytes survive', () => {
  const image = filesOf('static-nested').find(file => file.path === 'img/dot.png');
  expect(image?.encoding).toBe('base64');
  const bytes = readFileSync(new URL('static-nested/img/dot.png', apps));
  expect(Buffer.from(image?.content ?? '', 'base64')).toEqual(bytes);
});

test('files are replaced, added and left out', () => {
  const { spec } = artifactFrom('express-npm', {
    files: { 'server.js': 'new', 'more.txt': 'more', 'package-lock.json': null },
  });
  const byPath = Object.fromEntries(spec.source.files?.map(file => [file.path, file.content]) ?? []);
  expect(Object.keys(byPath).sort()).toEqual(['more.txt', 'package.json', 'server.js']);
  expect(byPath).toMatchObject({ 'server.js': 'new', 'more.txt': 'more' });
});

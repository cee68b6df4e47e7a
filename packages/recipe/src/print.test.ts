import { expect, it } from 'vitest';
import { dockerfileOf } from './print.ts';

const copy = (...sources: string[]) => ({ do: 'copy', from: 'source', sources, target: './', uid: 0 }) as const;
const run = (command: string) => ({ do: 'run', phase: 'build', command }) as const;
const image = { base: 'nginx', steps: [copy('.')] };
const build = { base: 'node', steps: [copy('package.json'), run('npm ci'), copy('.'), run('npm run build')] };

it('declares values where the whole source comes into the stage that builds', () => {
  expect(dockerfileOf({ build, image }, ['A', 'B'])).toContain(
    'FROM node AS build\nCOPY ["package.json", "./"]\nRUN npm ci\nARG A\nARG B\nCOPY [".", "./"]\nRUN npm run build\n\nFROM nginx\nCOPY',
  );
});

it('declares nothing where nothing is built, or no value is given', () => {
  expect(dockerfileOf({ image }, ['A'])).not.toContain('ARG');
  expect(dockerfileOf({ build, image })).not.toContain('ARG');
});

it('takes names and nothing else', () => {
  expect(() => dockerfileOf({ build, image }, ['A\nRUN evil'])).toThrow('name');
});

import { expect, it } from 'vitest';
import { declaring } from './dockerfile-arguments.ts';

const site = [
  'FROM node AS build',
  'COPY ["package.json", "./"]',
  'RUN npm ci',
  'COPY [".", "./"]',
  'RUN npm run build',
];
const image = ['', 'FROM nginx', 'COPY [".", "./"]', ''];

it('declares values where the whole source comes into the stage that builds', () => {
  const [all, named] = [site.slice(0, 3), site.slice(3)];
  expect(declaring([...site, ...image].join('\n'), ['A', 'B']).split('\n')).toEqual([
    ...all,
    'ARG A',
    'ARG B',
    ...named,
    ...image,
  ]);
});

it('declares them at the end of a stage that never takes the whole source', () => {
  const text = ['FROM python AS build', 'RUN pip install x', ...image].join('\n');
  expect(declaring(text, ['A'])).toContain('RUN pip install x\n\nARG A\nFROM nginx');
});

it('leaves a Dockerfile alone that builds nothing, or is given nothing', () => {
  expect(declaring(image.join('\n'), ['A'])).toBe(image.join('\n'));
  expect(declaring(site.join('\n'), [])).toBe(site.join('\n'));
});

it('takes names and nothing else', () => {
  expect(() => declaring(site.join('\n'), ['A\nRUN evil'])).toThrow('name');
});

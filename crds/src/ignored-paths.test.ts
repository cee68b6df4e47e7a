import { expect, it } from 'vitest';
import { partitionIgnored } from './ignored-paths.ts';

it('leaves out what is recreated or secret, and keeps the examples', () => {
  const paths = [
    '.env',
    '.env.example',
    '.env.local',
    '.git/config',
    'a/node_modules/x/y',
    'a/.DS_Store',
    'app/__pycache__/m.pyc',
    'm.pyc',
    'src/environment.ts',
    'venv/bin/python',
    'venv.md',
  ];
  expect(partitionIgnored(paths)).toEqual({
    kept: ['.env.example', 'src/environment.ts', 'venv.md'],
    ignored: [
      '.env',
      '.env.local',
      '.git/config',
      'a/node_modules/x/y',
      'a/.DS_Store',
      'app/__pycache__/m.pyc',
      'm.pyc',
      'venv/bin/python',
    ],
  });
});

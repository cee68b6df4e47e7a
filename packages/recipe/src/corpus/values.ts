/** Projects whose pages are built with values, and what is said where nobody gave them. */
import type { Entry } from './entry.ts';

const json = (value: unknown) => JSON.stringify(value);
const vite = json({ scripts: { build: 'vite build' }, devDependencies: { vite: '7' } });
const page = '<!doctype html><div id="app"></div><script type="module" src="/src/main.js"></script>';
const unheard = (path: string, name: string) => `${path} reads ${name} at build time, and nobody gave it`;

export const values: readonly Entry[] = [
  {
    name: 'a page that fails without the address of its API',
    files: {
      'package.json': vite,
      'index.html': page,
      'src/main.js': "const api = import.meta.env.VITE_API;\nif (!api) throw new Error('VITE_API is not set');",
    },
    expect: { language: 'nodejs', framework: 'vite', says: [unheard('src/main.js', 'VITE_API'), 'build_env'] },
  },
  {
    name: 'Next with a public key of another service',
    files: {
      'package.json': json({ scripts: { build: 'next build', start: 'next start' }, dependencies: { next: '16' } }),
      'app/map.tsx': 'export const key = process.env.NEXT_PUBLIC_MAP_KEY as string;',
    },
    expect: { language: 'nodejs', framework: 'next', says: [unheard('app/map.tsx', 'NEXT_PUBLIC_MAP_KEY')] },
  },
  {
    name: 'pages with a value in a folder beside their documentation',
    files: {
      'README.md': '# Site',
      'web/package.json': vite,
      'web/index.html': page,
      'web/src/main.js': 'fetch(import.meta.env.VITE_FEED);',
    },
    expect: { language: 'nodejs', framework: 'vite', folder: 'web', says: [unheard('src/main.js', 'VITE_FEED')] },
  },
];

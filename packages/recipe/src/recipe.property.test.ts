import fc from 'fast-check';
import { expect, it } from 'vitest';
import { corpus } from './corpus/index.ts';
import { dockerfileOf, recipeFor, type SourceTree } from './recipe.ts';
import { samples } from './samples.ts';

const settings = {
  bases: {
    node: [{ version: '24', image: 'node' }],
    python: [{ version: '3.13', image: 'python' }],
    go: [{ version: '1.26', image: 'go' }],
    rust: 'rust',
    rustRuntime: 'run',
    static: 'static',
    debian: 'debian',
  },
};
const known = [
  'Dockerfile',
  'package.json',
  'requirements.txt',
  'pyproject.toml',
  'go.mod',
  'Cargo.toml',
  'index.html',
  'main.py',
  'server.js',
  'Procfile',
  'bun.lock',
  'yarn.lock',
  'main.go',
  'manage.py',
  'angular.json',
  'vite.config.js',
  'pnpm-workspace.yaml',
  'moon.yml',
  'nx.json',
  'deno.json',
  'main.ts',
  'compose.yml',
  'react-router.config.ts',
];
const nasty = [
  'a\nRUN evil',
  '"],["x',
  '$(evil)',
  '`evil`',
  '-rf',
  '\\',
  "'",
  ' ',
  '\u0000',
  '$'.concat('{evil}'),
  '..',
  '[[bin]]\nname = "evil\\nRUN x"',
  '"evil"; rm',
];
const names = fc.oneof(
  fc.constantFrom(...known, ...nasty),
  fc.tuple(fc.constantFrom(...nasty, 'a', 'b'), fc.constantFrom(...known)).map(parts => parts.join('/')),
  fc.string(),
);
const value = fc.oneof(
  fc.constantFrom(...nasty, 'evil', 'node evil; evil', 'vite build --outDir $(evil)'),
  fc.string(),
);
const starts = [
  'npm start -w a',
  'turbo build',
  'cd a && npm start',
  'concurrently "vite" "node $(evil)"',
  'deno run -A main.ts; evil',
  'pm2 start `evil`',
  'nodemon --exec "evil $(evil)" a.js',
];
const manifest = fc
  .record(
    {
      main: value,
      name: value,
      workspaces: fc.array(fc.oneof(fc.constantFrom('*', '**', '!a'), value)),
      packageManager: value,
      scripts: fc.dictionary(
        fc.constantFrom('build', 'start', 'postinstall'),
        fc.oneof(value, fc.constantFrom(...starts)),
      ),
      dependencies: fc.dictionary(fc.constantFrom('vite', 'next', 'express', 'evil', 'parcel'), value),
    },
    { requiredKeys: [] },
  )
  .map(object => JSON.stringify(object));
const sampleTexts = Object.values(samples).flatMap(files => Object.values(files));
const texts = fc.oneof(
  manifest,
  fc.tuple(fc.constantFrom(...sampleTexts), value).map(parts => parts.join('\n')),
  value,
  fc.json(),
);
const instructions =
  /^(?:FROM [a-z]+(?: AS build)?|WORKDIR \/|COPY |RUN |ENV |USER 10001:10001$|EXPOSE \d+$|CMD \[|ENTRYPOINT \[|#|$)/;

function tree(files: Record<string, string>): SourceTree {
  return { paths: Object.keys(files).sort(), read: path => (Object.hasOwn(files, path) ? files[path] : undefined) };
}

it('never throws, and no name or text of a tree becomes an instruction', () => {
  fc.assert(
    fc.property(
      fc.dictionary(names, texts, { maxKeys: 8 }),
      fc.constantFrom('auto', 'nodejs', 'python', 'go', 'rust', 'static', 'dockerfile' as const),
      fc.constantFrom('', 'a', ...nasty),
      (files, language, path) => {
        const result = recipeFor(tree(files), { language, path }, settings);
        if (!result.ok || !('stages' in result.recipe.how)) return;
        const text = dockerfileOf(result.recipe.how.stages).replace(/<<'VIBED'[\s\S]*?\nVIBED\n/, 'nginx\n');
        for (const line of text.split('\n')) expect(line).toMatch(instructions);
        expect(text).not.toMatch(/^RUN evil|\$\(evil|`evil|\$\{evil|; evil/m);
      },
    ),
    { numRuns: 3000 },
  );
});

/** Files that no rule looks at: documents, pictures and data. */
const unrelated = fc
  .tuple(fc.stringMatching(/^[a-z]{3,12}$/), fc.constantFrom('csv', 'jpg', 'txt', 'pdf'))
  .map(([name, ending]) => `${name}-x.${ending}`);

it('answers the same whatever unrelated files are called', () => {
  const entries = Object.values(corpus).flat();
  fc.assert(
    fc.property(
      fc.constantFrom(...entries),
      fc.constantFrom('', 'docs/', 'assets/img/'),
      unrelated,
      unrelated,
      ({ files }, folder, one, other) => {
        const answer = (name: string) =>
          recipeFor(tree({ ...files, [folder + name]: 'nothing' }), { language: 'auto' }, settings);
        expect(answer(one)).toEqual(answer(other));
      },
    ),
    { numRuns: 1000 },
  );
});

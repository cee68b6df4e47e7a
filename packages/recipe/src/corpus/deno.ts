/** Deno projects, and what the rules have to make of each. */
import type { Entry, Planned } from './entry.ts';

const json = (value: unknown) => JSON.stringify(value);
const serves = 'Deno.serve(() => new Response("hi"));\n';
const moved = 'DENO_SERVE_ADDRESS=';

function deno(name: string, files: Entry['files'], expect: Omit<Planned, 'language'>): Entry {
  return { name, files, expect: { language: 'nodejs', framework: 'deno', ...expect } };
}

function started(
  name: string,
  start: string,
  runs: readonly string[],
  more: Omit<Planned, 'language' | 'runs'> = {},
): Entry {
  return deno(
    name,
    { 'deno.json': json({ tasks: { start } }), 'main.ts': serves, 'src/api.ts': serves },
    { runs, ...more },
  );
}

const tasks: readonly Entry[] = [
  started('Deno: a task that starts', 'deno run --allow-net --allow-env main.ts', [
    'deno@2.',
    'DENO_DIR=/deno',
    'deno run --allow-net --allow-env main.ts"]',
    'ENV PATH="/runtime:$PATH" DENO_DIR=/deno',
  ]),
  started('Deno: no permissions, as one writes it at a terminal', 'deno run main.ts', ['deno run -A main.ts'], {
    never: ['--allow-net'],
  }),
  started('Deno: watching is left out', 'deno run --watch=static/,routes/ -A main.ts', ['deno run -A main.ts"]'], {
    never: ['--watch'],
  }),
  started('Deno: a short option, and arguments of the program', 'deno run -A main.ts --verbose', [
    'run -A main.ts --verbose',
  ]),
  started('Deno: a file in a folder without run', 'deno -A ./src/api.ts', [
    'deno run -A ./src/api.ts',
    'deno cache ./src/api.ts',
  ]),
  started(
    'Deno: permissions for one port only',
    'deno run --allow-net=:8000 main.ts',
    ['"--allow-net=:8000", "main.ts"]'],
    {
      never: [moved],
    },
  ),
  started('Deno: a task that names no permission', 'deno run main.ts', ['deno run -A main.ts']),
  started('Deno: a task that starts nothing', 'deno start main.ts', ['deno run -A main.ts'], { never: ['deno start'] }),
  started('Deno: a task whose file is missing', 'deno run -N other.ts', ['deno run -A main.ts'], {
    never: ['other.ts'],
  }),
  started('Deno: an assignment before deno', 'PORT=3000 MODE=live deno run -A main.ts', ['MODE=live deno run'], {
    never: ['PORT=3000'],
  }),
  started('Deno: deno serve with a port', 'deno serve --port 3000 main.ts', [
    '"deno", "serve", "--port", "3000"',
    'EXPOSE 3000',
  ]),
  started('Deno: deno serve without a port', 'deno serve -A main.ts', [
    'deno serve --port \\"$PORT\\" -A main.ts',
    'PORT=8000',
  ]),
  started('Deno: a line of a shell stays with deno task', 'echo hi && deno run -A main.ts', [
    'CMD ["deno", "task", "start"]',
    'deno cache main.ts',
  ]),
  started('Deno: a map of imports named by the command', 'deno run -A --import-map=map.json main.ts', [
    'deno cache --import-map=map.json main.ts',
  ]),
  deno(
    'Deno: a task that names another one',
    { 'deno.json': json({ tasks: { start: 'deno task run', run: 'deno run -N server.ts' } }), 'server.ts': serves },
    { runs: ['deno run -N server.ts'] },
  ),
  deno(
    'Deno: a task that gives arguments to another one',
    {
      'deno.json': json({ tasks: { start: 'A=b deno task run --quiet', run: 'deno run -N server.ts' } }),
      'server.ts': serves,
    },
    { runs: ['CMD ["deno", "task", "start"]', 'deno cache server.ts'] },
  ),
  deno(
    'Deno: a task with dependencies',
    {
      'deno.json': json({
        tasks: { gen: 'deno run -A gen.ts', start: { command: 'deno run -A main.ts', dependencies: ['gen'] } },
      }),
      'gen.ts': 'console.log(1)',
      'main.ts': serves,
    },
    { runs: ['CMD ["deno", "task", "start"]', 'deno cache main.ts'] },
  ),
  deno(
    'Deno: only a task for development',
    {
      'deno.jsonc': '{\n  // tasks\n  "tasks": { "dev": "deno run --watch -A src/web.ts", },\n}',
      'src/web.ts': serves,
    },
    { runs: ['deno run -A src/web.ts'], says: ['without watching'], never: ['--watch'] },
  ),
  deno(
    'Deno: the web line of Procfile',
    { Procfile: 'web: deno run --allow-net web.ts\n', 'web.ts': serves },
    { runs: ['deno run --allow-net web.ts'], says: ['Procfile'] },
  ),
  deno(
    'Deno: the start script of package.json',
    {
      'package.json': json({ scripts: { start: 'deno run -A main.ts' }, dependencies: { express: '5' } }),
      'main.ts': serves,
    },
    { runs: ['COPY ["package.json", "./"]', 'deno install', 'deno run -A main.ts'], never: ['npm ci'] },
  ),
];

const entries: readonly Entry[] = [
  deno(
    'Deno: one file with Deno.serve',
    { 'main.ts': serves },
    { runs: ['deno run -A main.ts', 'PORT=8000'], says: ['permissions'] },
  ),
  deno(
    'Deno: one file with an import of npm',
    { 'server.ts': 'import { Hono } from "npm:hono";\nDeno.serve({ port: 3000 }, new Hono().fetch);\n' },
    { runs: ['deno cache server.ts', 'EXPOSE 3000'] },
  ),
  deno(
    'Deno: the standard library from deno.land',
    {
      'index.ts':
        "import { serve } from 'https://deno.land/std@0.140.0/http/server.ts';\nserve(() => new Response('x'), { port: 4000 });\n",
    },
    { runs: ['deno run -A index.ts', 'EXPOSE 4000'] },
  ),
  deno(
    'Deno: export default with fetch',
    { 'main.ts': 'export default { fetch: () => new Response("x") } satisfies Deno.ServeDefaultExport;\n' },
    { runs: ['deno serve --port'] },
  ),
  deno(
    'Deno: Hono exported by default',
    {
      'deno.json': json({ imports: { hono: 'jsr:@hono/hono@4' } }),
      'main.ts': "import { Hono } from 'hono';\nconst app = new Hono();\nexport default app;\n",
    },
    { runs: ['deno serve --port', '-A main.ts'] },
  ),
  deno(
    'Deno: the port from the environment',
    { 'main.ts': 'Deno.serve({ port: Number(Deno.env.get("PORT") ?? 3000) }, () => new Response("x"));\n' },
    { runs: ['EXPOSE 8000'], never: ['EXPOSE 3000'] },
  ),
  deno(
    'Deno: a server beside its page',
    { 'main.ts': serves, 'index.html': '<h1>x</h1>' },
    { runs: ['deno run -A main.ts'] },
  ),
  deno('Deno: in a folder', { 'api/deno.json': '{}', 'api/main.ts': serves }, { folder: 'api' }),
  deno('Deno: only a lockfile', { 'deno.lock': '{}', 'main.ts': serves }, { says: ['from deno.lock'] }),
  deno(
    'Deno: Deno KV',
    { 'main.ts': `const kv = await Deno.openKv();\n${serves}` },
    { runs: ['--unstable-kv main.ts', 'deno cache --unstable-kv main.ts'], says: ['no durable disk'] },
  ),
  deno(
    'Deno: a version of its own',
    { '.deno-version': '2.2.2\n', 'deno.json': '{}', 'main.ts': serves },
    { runs: ['deno@2.2.2'], says: ['.deno-version asks for Deno 2.2.2'] },
  ),
  deno(
    'Deno: a workspace is fetched with its members',
    {
      'deno.json': json({ workspace: ['./lib'], tasks: { start: 'deno run -A main.ts' } }),
      'lib/deno.json': '{}',
      'main.ts': serves,
    },
    { runs: ['deno install'], never: ['COPY ["deno.json"'] },
  ),
];

const frameworks: readonly Entry[] = [
  deno(
    'Fresh 1 starts by its development file',
    {
      'deno.json': json({ tasks: { start: 'deno run -A --watch=static/,routes/ dev.ts' } }),
      'dev.ts': 'import dev from "$fresh/dev.ts";\n',
      'main.ts': 'import { start } from "$fresh/server.ts";\nawait start(manifest);\n',
    },
    { runs: ['deno run -A main.ts', 'deno cache main.ts'], never: ['dev.ts', '--watch'] },
  ),
  deno(
    'Fresh 2 is built first',
    {
      'deno.json': json({
        nodeModulesDir: 'manual',
        tasks: { dev: 'vite', build: 'vite build', start: 'deno serve -A _fresh/server.js' },
        imports: { fresh: 'jsr:@fresh/core@2', vite: 'npm:vite@7' },
      }),
      'vite.config.ts': 'export default {}',
      'main.ts': 'import { App } from "fresh";\nexport const app = new App();\n',
    },
    { runs: ['deno task build', 'deno cache _fresh/server.js', '-A _fresh/server.js'] },
  ),
  {
    name: 'Deno builds the pages of Vite',
    files: {
      'deno.json': json({
        tasks: { dev: 'vite', build: 'vite build', preview: 'vite preview' },
        imports: { vite: 'npm:vite@7' },
      }),
      'index.html': '<script type="module" src="/src/main.ts"></script>',
      'src/main.ts': 'document.title = "x";',
    },
    expect: {
      language: 'nodejs',
      framework: 'vite',
      runs: ['deno task build', '/app/dist/'],
      never: ['DENO_DIR', '/runtime'],
      says: ['single-page app'],
    },
  },
  {
    name: 'Lume writes its pages',
    files: {
      'deno.json': json({
        tasks: { build: 'deno task lume', lume: 'deno run -A lume/cli.ts', serve: 'deno task lume -s' },
        imports: { 'lume/': 'https://deno.land/x/lume@v3.0.0/' },
      }),
      '_config.ts': 'import lume from "lume/mod.ts";\nexport default lume();\n',
      'index.md': '# Hello\n',
    },
    expect: { language: 'nodejs', framework: 'lume', runs: ['deno task build', '/app/_site/'] },
  },
];

const others: readonly Entry[] = [
  {
    name: 'a development server of Vite, called from npm, is no server',
    files: {
      'deno.json': json({ tasks: { start: 'deno run -A npm:vite', build: 'deno run -A npm:vite build' } }),
      'vite.config.ts': 'export default { build: { outDir: "out" } }',
      'index.html': '<script type="module" src="/main.ts"></script>',
      'main.ts': 'document.title = "x";',
    },
    expect: { language: 'nodejs', framework: 'vite', runs: ['deno task build', '/app/out/'] },
  },
  {
    name: 'a Vite project with package.json that Deno may install stays with npm',
    files: {
      'package.json': json({ scripts: { dev: 'vite', build: 'vite build' }, devDependencies: { vite: '7' } }),
      'deno.json': json({ fmt: {} }),
      'deno.lock': '{}',
      'index.html': '<script type="module" src="/src/main.ts"></script>',
      'src/main.ts': 'document.title = "x";',
    },
    expect: { language: 'nodejs', framework: 'vite', runs: ['npm run build'], never: ['deno@'] },
  },
  {
    name: 'deno.json without a start and without an entry',
    files: { 'deno.json': json({ tasks: { test: 'deno test' } }), 'lib/add.ts': 'export const add = 1;' },
    expect: { refused: 'EntrypointMissing', says: ['deno.json has no task start', 'add a task "start"'] },
  },
  {
    name: 'deno.json that is broken',
    files: { 'deno.json': '{ "tasks": ', 'main.ts': serves },
    expect: { refused: 'Unsupported', says: ['deno.json is not valid JSON'] },
  },
  {
    name: 'Deno 1',
    files: { '.dvmrc': '1.40.2\n', 'main.ts': serves },
    expect: { refused: 'VersionUnavailable', says: ['.dvmrc asks for Deno 1.40.2', 'Deno 2'] },
  },
  {
    name: 'a page whose editor is set up by deno.json stays a page',
    files: {
      'deno.json': json({ fmt: { lineWidth: 100 } }),
      'index.html': '<h1>x</h1>',
      'main.js': 'document.title = "x";',
    },
    expect: { language: 'static' },
  },
  {
    name: 'a Python program whose text is formatted by Deno stays Python',
    files: {
      'deno.json': json({ fmt: {} }),
      'requirements.txt': 'flask\n',
      'app.py': 'from flask import Flask\napp = Flask(__name__)\n',
    },
    expect: { language: 'python' },
  },
  {
    name: 'a Node server that runs in Deno as well stays with Node',
    files: {
      'package.json': json({ scripts: { start: 'node server.js' } }),
      'deno.json': json({ fmt: {} }),
      'server.js': 'globalThis.Deno ? Deno.serve(f) : require("http").createServer(f).listen(process.env.PORT);\n',
    },
    expect: { language: 'nodejs', runs: ['CMD ["node", "server.js"]'], never: ['deno@'] },
  },
  {
    name: 'a function of Supabase beside a Node server',
    files: {
      'package.json': json({ scripts: { start: 'node server.js' } }),
      'server.js': 'require("http").createServer(f).listen(process.env.PORT);\n',
      'supabase/functions/pay/index.ts': serves,
    },
    expect: { language: 'nodejs', runs: ['CMD ["node", "server.js"]'], never: ['deno@'] },
  },
];

export const denoEntries: readonly Entry[] = [...tasks, ...entries, ...frameworks, ...others];

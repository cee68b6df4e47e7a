/** Projects that Deno runs, and some beside which Deno is only a tool. */
import type { Entry } from './entry.ts';

const serve = 'Deno.serve({ port: Number(Deno.env.get("PORT") ?? 8000) }, () => new Response("hi"));\n';
const json = (value: unknown) => JSON.stringify(value);
const deno = { language: 'nodejs', framework: 'deno' } as const;

export const denoEntries: readonly Entry[] = [
  {
    name: 'a start task with its permissions',
    files: {
      'deno.json': json({ tasks: { start: 'deno run --allow-net --allow-env main.ts' } }),
      'main.ts': serve,
    },
    expect: {
      ...deno,
      says: ['Deno: deno install --entrypoint main.ts, started by deno run --allow-net --allow-env main.ts'],
      runs: ['CMD ["deno", "run", "--allow-net", "--allow-env", "main.ts"]', 'npm install -g deno@'],
      never: ['--allow-all'],
    },
  },
  {
    name: 'a configuration with comments and trailing commas, and a task that watches',
    files: {
      'deno.jsonc':
        '{\n  // tasks\n  "tasks": { /* only this */ "dev": "deno run --watch=static/ -A server.ts", },\n}\n',
      'server.ts': serve,
    },
    expect: { ...deno, runs: ['CMD ["deno", "run", "-A", "server.ts"]'], never: ['--watch=static'] },
  },
  {
    name: 'a task without permissions, as one writes it at a terminal',
    files: { 'deno.json': json({ tasks: { dev: 'deno run --watch main.ts' } }), 'main.ts': serve },
    expect: { ...deno, runs: ['CMD ["deno", "run", "--allow-all", "main.ts"]'] },
  },
  {
    name: 'a task as an object that needs the shell of Deno',
    files: {
      'deno.json': json({ tasks: { start: { command: 'MODE=prod deno run -A main.ts' } } }),
      'main.ts': serve,
    },
    expect: { ...deno, runs: ['CMD ["deno", "task", "start"]', 'deno install'] },
  },
  {
    name: 'one file with Deno.serve and nothing else',
    files: { 'main.ts': 'Deno.serve(() => new Response("hi"));\n' },
    expect: { ...deno, says: ['listens on 8000'], runs: ['EXPOSE 8000'] },
  },
  {
    name: 'a handler that deno serve answers with',
    files: { 'deno.json': '{}', 'server.ts': 'export default { fetch() { return new Response("hi"); } };\n' },
    expect: { ...deno, runs: ['deno serve --allow-all --host=0.0.0.0 --port \\"$PORT\\" server.ts'] },
  },
  {
    name: 'modules of npm in a bare file',
    files: {
      'index.ts':
        'import { Hono } from "npm:hono@4";\nconst app = new Hono();\nDeno.serve({ port: 4000 }, app.fetch);\n',
    },
    expect: { ...deno, says: ['listens on 4000'], runs: ['EXPOSE 4000', 'deno install --entrypoint index.ts'] },
  },
  {
    name: 'a task that builds first',
    files: {
      'deno.json': json({ tasks: { build: 'vite build', start: 'deno serve -A _fresh/server.js' } }),
      'main.ts': 'import { App } from "fresh";\nexport const app = new App();\n',
    },
    expect: { ...deno, runs: ['deno task build', 'CMD ["deno", "serve", "-A", "_fresh/server.js"]'] },
  },
  {
    name: 'a start script of package.json that calls deno',
    files: { 'package.json': json({ scripts: { start: 'deno run -A api.ts' } }), 'api.ts': serve },
    expect: { ...deno, runs: ['CMD ["deno", "run", "-A", "api.ts"]'] },
  },
  {
    name: 'Deno in a folder of its own',
    files: {
      'api/deno.json': json({ tasks: { start: 'deno run -A main.ts' } }),
      'api/main.ts': serve,
      'README.md': '# a\n',
    },
    expect: { ...deno, folder: 'api' },
  },
  {
    name: 'a library without anything to start',
    files: { 'deno.json': json({ name: '@a/b', exports: './add.ts' }), 'add.ts': 'export const add = 1;\n' },
    expect: { refused: 'EntrypointMissing', says: ['Deno', 'deno.json', 'task "start"'] },
  },
  {
    name: 'a Node server whose code is formatted by Deno',
    files: {
      'deno.json': json({ fmt: { lineWidth: 100 } }),
      'package.json': json({ scripts: { start: 'node server.js' } }),
      'server.js': 'require("http").createServer(() => {}).listen(process.env.PORT);\n',
    },
    expect: { language: 'nodejs', runs: ['CMD ["node", "server.js"]'], never: ['deno'] },
  },
];

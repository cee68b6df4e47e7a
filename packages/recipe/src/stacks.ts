/** What the rules recognise, in a few lines for people and models. The names come from the tables of the rules themselves. */
import type { Language } from './model.ts';
import { serverFrameworks } from './node-frameworks.ts';
import { siteFrameworks } from './node-static.ts';
import { pythonFrameworks } from './python-start.ts';

const list = (names: readonly string[]) => names.join(', ');

/** One line for each language. */
export const stacks: Readonly<Record<Language, string>> = {
  static: 'a tree with an index.html that browsers can run as it is',
  nodejs: `package.json (npm, pnpm, yarn or bun; workspaces) or deno.json. A build script is run. Served as files: ${list(siteFrameworks)}; servers: ${list(serverFrameworks)}; else the start script, or main`,
  python: `requirements.txt, pyproject.toml or Pipfile (pip, uv, poetry, pdm, pipenv). Found: ${list(pythonFrameworks)}; else main.py or app.py`,
  go: 'go.mod, with one package main',
  rust: 'Cargo.toml, with one program; workspaces',
  dockerfile: 'your own Dockerfile is used as it is; it must run as a numeric non-root user',
};

// What a shape is, and the few texts that most of them share.
import type { ArtifactSpec, Failure, Reason } from '@vibed/crds';

export interface Shape {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  readonly build?: ArtifactSpec['build'];
}
/** A shape that runs; `text` is part of what `path` (default `/`) answers, of the page itself or of the script that it loads. */
export interface Running extends Shape {
  readonly path?: string;
  readonly text: string;
}
/** A shape that is refused or fails; each of `says` is part of message or remedy. */
export interface Failing extends Shape {
  readonly reason: Reason;
  /** Default `build`. */
  readonly step?: Failure['step'];
  readonly says: readonly string[];
}

export const json = (value: unknown) => `${JSON.stringify(value)}\n`;
/** A Node server, as a module, that answers everything with the value of the expression. */
export const server = (expression: string) =>
  `import { createServer } from 'node:http';\ncreateServer((q, s) => s.end(String(${expression}))).listen(process.env.PORT);\n`;
/** A page that is empty until its script has run. */
export const page =
  '<!doctype html><title>Page</title><div id="app"></div><script type="module" src="/src/main.js"></script>\n';
/** The script of `page` that shows the value of the expression. */
export const shows = (expression: string) => `document.querySelector('#app').textContent = ${expression};\n`;
export const viteScripts = { build: 'vite build' };
export const vite = { vite: '^6.0.0' };

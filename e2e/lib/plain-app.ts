// The smallest app that tells its version: it answers with a text and the variable MODE.
import type { Artifact } from '@vibed/crds';
import { artifactFrom } from './artifact-from.ts';

const server = (text: string) =>
  `require('node:http').createServer((_, r) => r.end('${text} ' + process.env.MODE)).listen(process.env.PORT);\n`;

/** Answers `TEXT MODE`; `extra` files besides the server's. */
export const plainApp = (text: string, mode = 'a', extra: Readonly<Record<string, string | null>> = {}): Artifact =>
  artifactFrom('node-plain', {
    files: { 'server.js': server(text), ...extra },
    run: { env: [{ name: 'MODE', value: mode }] },
  });

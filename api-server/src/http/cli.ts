// Hands out the `vibed` command that was bundled with this server, and says on every answer which that is, so that an older one
// can tell its user. Open to everybody: there is nothing in it of anybody.
import { readFile } from 'node:fs/promises';
import type { Express, RequestHandler } from 'express';
import { Problem } from '../problems.ts';
import { servePath } from './paths.ts';

/** Set by operator/bundle.ts. */
declare const VIBED_VERSION: string | undefined;
export const version = typeof VIBED_VERSION === 'undefined' ? 'development' : VIBED_VERSION;

/** Beside the bundled server. */
const file = new URL('vibed.cjs', import.meta.url);

/** The line that puts the command on somebody's machine. */
export const installLine = (publicUrl: string): string =>
  `curl -fsSL --create-dirs -o ~/.local/bin/vibed ${publicUrl}/cli/vibed && chmod +x ~/.local/bin/vibed`;

/** To be added before the routes. */
export function addCli(app: Express): void {
  app.use((_request, response, next) => {
    response.set('vibed-version', version);
    next();
  });
  servePath(app, '/cli/vibed', { get: sendCommand });
}

let command: Promise<Buffer> | undefined;

const sendCommand: RequestHandler = async (_request, response) => {
  command ??= readFile(file);
  const bytes = await command.catch((cause: unknown) => {
    throw new Problem('NotFound', 'this server was started without its command', {
      hint: 'from a checkout the command is cli/src/main.ts',
      cause,
    });
  });
  response.type('application/javascript').send(bytes);
};

// Keeps what `env` prints, so that it answers at once and from any program.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from './environment.ts';
import type { Layout } from './layout.ts';

const fileOf = (layout: Layout): string => join(layout.state, 'environment.json');

export async function writeFacts(layout: Layout, environment: Environment): Promise<void> {
  await mkdir(layout.state, { recursive: true });
  await writeFile(fileOf(layout), `${JSON.stringify(environment, null, 2)}\n`);
}

/** Undefined until the first `up`. */
export async function readFacts(layout: Layout): Promise<Environment | undefined> {
  return existsSync(fileOf(layout)) ? (JSON.parse(await readFile(fileOf(layout), 'utf8')) as Environment) : undefined;
}

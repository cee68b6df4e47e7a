// The command as one file for any Node ≥ 20: CommonJS, since a file without extension, as a command is one, is that to Node.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const placeholder = '0.0.0+unversioned';

/** Writes it to `file`; returns its version: ours, and a digest that changes with the command itself. */
export async function bundleCli(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ['cli/src/main.ts'],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    legalComments: 'eof',
    write: false,
    define: { VIBED_VERSION: JSON.stringify(placeholder) },
    logLevel: 'warning',
  });
  const text = outputFiles[0]?.text ?? '';
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  const full = `${version}+${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
  await writeFile(file, text.replaceAll(placeholder, full), { mode: 0o755 });
  return full;
}

// Files, pages and logs made to be slow to read, while a neighbour is served.
import { gzipSync } from 'node:zlib';
import type { SourceFile } from '@vibed/crds';
import { pack } from 'tar-stream';
import { expect } from 'vitest';
import { keyOf, rest } from '../../api-server/e2e/lib/door.ts';
import { artifactFrom, artifactOf } from '../lib/artifact-from.ts';
import { attack } from '../lib/attack.ts';
import { failsFromTheStart } from '../lib/fails.ts';
import { proves } from '../lib/scenario.ts';

const user = 'e2e-hostile-analysis';
/** Milliseconds for a dry run, in the queue of a busy machine. */
const soon = 20_000;
const page = (content: string): SourceFile[] => [{ path: 'index.html', content }];
const slowToPlan = page(`<script src="assets/${'-'.repeat(16 * 1024)}`);

async function dryRun(files: object): Promise<{ status: number; body: Record<string, unknown> }> {
  const key = await keyOf(user);
  const started = performance.now();
  const answer = await rest(key, 'POST', '/api/artifacts', { name: 'slow', dry_run: true, ...files });
  expect(performance.now() - started).toBeLessThan(soon);
  return answer;
}

attack('a page that is slow to plan', proves('hostile.analysis'), async ({ app }) => {
  const pages = [slowToPlan, page('assets/-'.repeat(2 * 1024)), page('"assets/a-aaaaaaaa'.repeat(1_000))];
  const answers = await Promise.all(pages.map(files => dryRun({ files })));
  expect(answers).toMatchObject(pages.map(() => ({ status: 200, body: { plan: { language: 'static' } } })));
  const slow = app('slow-to-plan');
  await slow.apply(artifactOf({ files: slowToPlan }, {}));
  await slow.runs();
  expect((await slow.ask('/no-such-page')).status).toBe(404);
});

attack('a file that pretends to be base64', proves('hostile.analysis'), async () => {
  const files = [{ path: 'a.png', content: `${' '.repeat(500_000)}!`, encoding: 'base64' }];
  expect(await dryRun({ files })).toMatchObject({ status: 400, body: { code: 'InvalidInput' } });
});

attack('a page that is slow to read when it is served', proves('hostile.analysis'), async ({ app }) => {
  const slow = app('slow-page');
  const answer = "s.setHeader('content-type', 'text/html').end('<title '.repeat(35_714))";
  const content = `require('node:http').createServer((q, s) => ${answer}).listen(process.env.PORT);\n`;
  await slow.apply(artifactOf({ files: [{ path: 'server.js', content }] }, {}));
  const { serving } = await slow.runs();
  expect(serving?.probe).toMatchObject({ status: 200 });
});

attack('a build that prints the beginnings of a manual', proves('hostile.analysis'), async ({ app }) => {
  const print = "console.log('npm error Usage:\\n'.repeat(100_000)); process.exit(1);\n";
  const slow = app('slow-log');
  await slow.apply(artifactFrom('failing/bad-build', { files: { 'build.js': print } }));
  await failsFromTheStart(slow, 'BuildFailed', { step: 'build', remedy: /\S/, excerpt: /npm error Usage:/ });
});

attack('thousands of ordinary files', proves('hostile.analysis'), async () => {
  const archive = pack();
  const module = Buffer.from(`import os\n${'value = os.environ\n'.repeat(850)}`);
  for (let i = 0; i < 2_200; i += 1) archive.entry({ name: `lib/module${i}.py` }, module);
  archive.entry({ name: 'requirements.txt' }, 'fastapi\n');
  archive.entry({ name: 'src/web/main.py' }, 'from fastapi import FastAPI\napp = FastAPI()\n');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  const path = '/api/artifacts?name=many&dry_run=true';
  const gzip = { 'content-type': 'application/gzip' };
  const answer = await rest(await keyOf(user), 'POST', path, gzipSync(Buffer.concat(chunks)), gzip);
  expect(answer).toMatchObject({ status: 200, body: { plan: { language: 'python', framework: 'fastapi' } } });
  expect(answer.body.warnings).toContainEqual(expect.stringMatching(/files were not looked at/));
});

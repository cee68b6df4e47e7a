// A real Vite folder of 3 MB goes past the tool calls: the line that create_upload prints is run by a shell, as an agent does.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { folderOf } from './lib/command.ts';
import { fetchHere, keyOf } from './lib/door.ts';
import { type Chat, chat, did, eras, settledAs } from './lib/mcp.ts';

const vite = fileURLToPath(new URL('../../e2e/apps/vite-react', import.meta.url));
const fonts = ['thin', 'text', 'bold'].map(name => ({ name, bytes: randomBytes(1_000_000) }));
const css = fonts
  .map(({ name }) => `@font-face { font-family: ${name}; src: url('./fonts/${name}.woff2'); }\n`)
  .join('');

/** The chat, with every byte that went through its calls. */
function overheard(talk: Chat): Chat & { said: string[] } {
  const said: string[] = [];
  const call: Chat['call'] = async (name, args) => {
    const answer = await talk.call(name, args);
    said.push(JSON.stringify({ name, args, answer }));
    return answer;
  };
  return { ...talk, call, said, [Symbol.asyncDispose]: () => talk[Symbol.asyncDispose]() };
}

it.each(eras)('takes a Vite folder of 3 MB by the printed line, in a chat of %s', async era => {
  using app = folderOf({ '.env': 'SECRET=canary-in-dotenv', 'node_modules/left/out.js': 'canary-in-modules' });
  cpSync(vite, app.folder, { recursive: true });
  for (const { name, bytes } of fonts) app.write(`src/fonts/${name}.woff2`, bytes);
  app.write('src/fonts.css', css);
  app.write('src/main.jsx', `import './fonts.css';\n${readFileSync(`${vite}/src/main.jsx`, 'utf8')}`);
  await using talk = overheard(await chat(era, await keyOf('door-alice')));

  const { command } = await did(talk, 'create_upload', {});
  expect(command).toMatch(/^tar .*\| curl .*-T - /);
  const printed = execFileSync('sh', ['-c', String(command)], { cwd: app.folder, encoding: 'utf8' });
  const received = JSON.parse(printed) as { source_ref: string; files: number; bytes: number; warnings: string[] };
  expect(received).toMatchObject({ source_ref: /^sha256:/, bytes: expect.toSatisfy((n: number) => n > 3_000_000) });
  // The server tells what it left out; the line leaves these at home.
  expect(received.warnings.join()).not.toMatch(/\.env|node_modules/);

  const name = `vite-${randomBytes(3).toString('hex')}`;
  const { version } = await did(talk, 'deploy_artifact', { name, source_ref: received.source_ref });
  const { outcome, url } = await settledAs(talk, name, version);
  expect(outcome).toBe('running');
  const page = await textOf(String(url));
  const style = await textOf(String(url), /href="([^"]+\.css)"/.exec(page)?.[1]);
  for (const font of fonts) {
    const path = new RegExp(`url\\(["']?([^"')]*${font.name}[^"')]*\\.woff2)`).exec(style)?.[1] ?? 'no such font';
    const served = await fetchHere(new URL(path, String(url)).href);
    expect(Buffer.from(await served.arrayBuffer()).equals(font.bytes)).toBe(true);
  }
  const said = talk.said.join('\n');
  expect(said.length).toBeLessThan(40_000);
  for (const piece of ['createRoot', 'font-face', 'canary-in', fonts[0]?.bytes.toString('base64').slice(0, 24) ?? ''])
    expect(said).not.toContain(piece);
  await did(talk, 'delete_artifact', { name, confirm: name });
});

const textOf = async (url: string, path = '/') => await (await fetchHere(new URL(path, url).href)).text();

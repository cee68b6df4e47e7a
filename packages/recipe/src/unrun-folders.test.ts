import { expect, it } from 'vitest';
import { treeOf } from './source-tree.ts';
import { type Answering, unrunWarnings } from './unrun-folders.ts';

const warned = (files: Readonly<Record<string, string>>, answering: Answering = 'site') =>
  unrunWarnings(treeOf(files), answering).join('\n');
const handler = 'export default (req, res) => res.end()';

it.each([
  [{ 'api/a.js': handler, 'api/b.ts': handler }, 'api/a.js, api/b.ts are functions'],
  [{ 'functions/a.js': 'export const onRequest = () => 1' }, 'functions/a.js is a function'],
  [{ 'netlify/functions/a.ts': '' }, 'netlify/functions/a.ts'],
  [{ 'wrangler.jsonc': '{}' }, 'Cloudflare Worker'],
  [{ 'vercel.json': '{"crons":[]}' }, 'vercel.json: crons'],
  [{ 'firebase.json': '{"hosting":{"rewrites":[{"source":"/x","function":"x"}]}}' }, 'firebase.json: rewrites'],
  [{ 'public/_redirects': '/old /new 301\n' }, 'public/_redirects'],
  [{ 'dist/mail.php': '' }, 'dist/mail.php: PHP is not run here'],
  [{ 'index.html': '', 'bot/requirements.txt': '' }, 'bot/ is an application beside the page'],
] as const)('%j is warned about', (files, text) => expect(warned(files)).toContain(text));

it.each([
  { 'vercel.json': '{"rewrites":[{"source":"/(.*)","destination":"/index.html"}]}' },
  { 'netlify.toml': '[build]\npublish = "dist"\n\n[[redirects]]\nfrom = "/*"\nto = "/index.html"\nstatus = 200\n' },
  { 'firebase.json': '{"hosting":{"rewrites":[{"source":"**","destination":"/index.html"}]}}' },
  { 'api/readme.md': '' },
  { 'vercel.json': 'not JSON' },
])('%j needs no warning', files => expect(warned(files)).toBe(''));

it('a server with a folder api/ runs it itself, unless a hosting company is named', () => {
  expect(warned({ 'api/a.js': handler }, 'server')).toBe('');
  expect(warned({ 'api/a.js': handler, 'vercel.json': '{}' }, 'server')).toContain('api/a.js');
});

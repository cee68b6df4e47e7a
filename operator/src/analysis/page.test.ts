import { expect, it } from 'vitest';
import { pageBytes, readPage } from './page.ts';

it('reads the title of a page', () => {
  expect(readPage('<html><TITLE lang=en> Guest\n book </title>', '/').title).toBe('Guest\n book');
  expect(readPage('<title></title><p>text', '/')).not.toHaveProperty('title');
  expect(readPage('<titles>no</titles>', '/')).not.toHaveProperty('title');
  expect(readPage(`<title>${'long '.repeat(100)}`, '/').title).toHaveLength(199);
});

it('finds own assets in the many ways pages write them', () => {
  const html = `<SCRIPT type=module SRC='./a.js'></SCRIPT><link rel="modulepreload" href="/b.js"><link rel=icon href=/i.png><script src="//other.example/c.js"><script data-src="/lazy.js"></script>`;
  expect(readPage(html, '/app/').assets).toEqual([
    { path: '/app/a.js', kind: 'module' },
    { path: '/b.js', kind: 'module' },
  ]);
});

it('resolves addresses against <base>, and leaves out what browsers do not load', () => {
  const html = `<base href="/shop/"><!-- <script src=old.js></script> --><script>"<script src=text.js>"</script>
    <noscript><link rel=stylesheet href=plain.css></noscript><script nomodule src=legacy.js></script>
    <script src=main.js defer></script><script type="text/babel" src=app.jsx></script><link rel=stylesheet href=/s.css>`;
  expect(readPage(html, '/').assets).toEqual([
    { path: '/shop/main.js', kind: 'classic' },
    { path: '/shop/app.jsx', kind: 'data' },
    { path: '/s.css', kind: 'style' },
  ]);
});

it.each([
  '',
  '<!doctype html><html><head><title>Shop</title><style>p{}</style></head><body><div id="root"></div></body></html>',
  '<BODY><!-- text --><noscript>turn scripts on</noscript><p> </p></BODY>',
])('%j shows nothing', html => {
  expect(readPage(html, '/').isBlank).toBe(true);
});

it.each([
  'hello',
  '<p>a',
  '1 < 2',
  '<div id=root></div><script src=/a.js></script>',
  '<img src=a.png>',
  '<my-app></my-app>',
  '<meta http-equiv="refresh" content="0; url=/home">',
  `${' '.repeat(pageBytes)}<p>later`,
])('%j may show something', html => {
  expect(readPage(html.slice(0, pageBytes), '/').isBlank).toBe(false);
});

it.each([
  '<style></style>',
  '<!--',
  '<a><!--',
  '<style></styl',
  '<script></script>',
  '<',
  '<title ',
  '<title <link rel=stylesheet ',
  '<script src="/a.js"',
  '<link href=a rel=',
  '<script src',
])('reads a page of nothing but %j once', piece => {
  const started = performance.now();
  readPage(piece.repeat(pageBytes / piece.length), '/');
  readPage(`${piece.repeat(pageBytes / piece.length)}>`, '/');
  expect(performance.now() - started).toBeLessThan(1_000);
});

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
  expect(readPage(html, '/app/').assets).toEqual(['/app/a.js', '/b.js']);
});

it.each(['<title ', '<title <link rel=stylesheet ', '<script src="/a.js"', '<link href=a rel=', '<script src'])(
  'reads a page of nothing but %j once',
  piece => {
    const started = performance.now();
    readPage(piece.repeat(pageBytes / piece.length), '/');
    readPage(`${piece.repeat(pageBytes / piece.length)}>`, '/');
    expect(performance.now() - started).toBeLessThan(1_000);
  },
);

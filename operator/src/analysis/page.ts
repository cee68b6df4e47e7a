// What a page says of itself: its title, and the scripts and styles of its own origin.

/** Bytes of a page that are read. */
export const pageBytes = 256 * 1024;
/** Own scripts and styles that are asked for, at most. */
const assetLimit = 10;

export interface Page {
  readonly title?: string;
  /** Paths, in order, each once. */
  readonly assets: readonly string[];
}

interface Tag {
  readonly name: string;
  readonly attributes: string;
  /** Where the text after the tag begins. */
  readonly end: number;
}

/** Reads an HTML page that is served at `path`. */
export function readPage(html: string, path: string): Page {
  const tags = tagsOf(html);
  const title = titleOf(html, tags);
  return { ...(title !== '' && { title }), assets: assetsOf(tags, path) };
}

function titleOf(html: string, tags: readonly Tag[]): string {
  const { end } = tags.find(({ name }) => name === 'title') ?? { end: html.length };
  const [text = ''] = html.slice(end, end + 200).split('<');
  return text.trim();
}

function assetsOf(tags: readonly Tag[], pagePath: string): string[] {
  const page = new URL(pagePath, 'http://app.invalid');
  const found = new Set<string>();
  for (const tag of tags) {
    if (found.size === assetLimit) break;
    const reference = referenceOf(tag);
    if (reference === undefined || !URL.canParse(reference, page.href)) continue;
    const url = new URL(reference, page);
    if (url.origin === page.origin) found.add(url.pathname + url.search);
  }
  return [...found];
}

function referenceOf({ name, attributes }: Tag): string | undefined {
  if (name === 'script') return /(?<![\w-])src\s*=\s*["']?([^"'\s]+)/i.exec(attributes)?.[1];
  const isWanted = name === 'link' && /(?<![\w-])rel\s*=\s*["']?(?:stylesheet|modulepreload)/i.test(attributes);
  return isWanted ? /(?<![\w-])href\s*=\s*["']?([^"'\s]+)/i.exec(attributes)?.[1] : undefined;
}

/** The tags that are read here, in order. The search goes on behind each tag, so that the page is read once however it is made. */
function tagsOf(html: string): Tag[] {
  const tags: Tag[] = [];
  const opening = /<(title|script|link)(?=[\s/>])/gi;
  for (let match = opening.exec(html); match !== null; match = opening.exec(html)) {
    const close = html.indexOf('>', opening.lastIndex);
    if (close < 0) break;
    const attributes = html.slice(opening.lastIndex, close);
    opening.lastIndex = close + 1;
    tags.push({ name: (match[1] ?? '').toLowerCase(), attributes, end: close + 1 });
  }
  return tags;
}

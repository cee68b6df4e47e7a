// What a page says of itself: its title, the scripts and styles of its own origin, and whether it shows anything.

/** Bytes of a page that are read. */
export const pageBytes = 256 * 1024;
/** Own scripts and styles that are asked for, at most. */
const assetLimit = 10;

export interface Page {
  readonly title?: string;
  /** In order, each once. */
  readonly assets: readonly Asset[];
  /** There is no text, picture, form or script in it. */
  readonly isBlank: boolean;
}

export interface Asset {
  /** Path and query. */
  readonly path: string;
  /** `data`: a script element of a type that browsers leave to other scripts. */
  readonly kind: 'classic' | 'module' | 'style' | 'data';
}

interface Scan {
  /** Those that are read here. */
  readonly tags: readonly Tag[];
  readonly isBlank: boolean;
}
interface Tag {
  readonly name: string;
  readonly attributes: string;
  /** Where the text after the tag begins. */
  readonly end: number;
}

/** Reads an HTML page that is served at `path`. */
export function readPage(html: string, path: string): Page {
  const { tags, isBlank } = scan(html);
  const title = titleOf(html, tags);
  // What a page that was cut shows may come later.
  const isWhole = html.length < pageBytes;
  return { ...(title !== '' && { title }), assets: assetsOf(tags, path), isBlank: isBlank && isWhole };
}

function titleOf(html: string, tags: readonly Tag[]): string {
  const { end } = tags.find(({ name }) => name === 'title') ?? { end: html.length };
  const [text = ''] = html.slice(end, end + 200).split('<');
  return text.trim();
}

function assetsOf(tags: readonly Tag[], pagePath: string): Asset[] {
  const page = new URL(pagePath, 'http://app.invalid');
  const base = baseOf(tags, page);
  const found = new Map<string, Asset>();
  for (const tag of tags) {
    if (found.size === assetLimit) break;
    const reference = referenceOf(tag);
    if (reference === undefined || !URL.canParse(reference.address, base.href)) continue;
    const url = new URL(reference.address, base);
    const path = url.pathname + url.search;
    if (url.origin === page.origin && !found.has(path)) found.set(path, { path, kind: reference.kind });
  }
  return [...found.values()];
}

/** Where relative addresses begin: the first <base href>, else the page. */
function baseOf(tags: readonly Tag[], page: URL): URL {
  const base = tags.find(({ name }) => name === 'base');
  const href = base && hrefOf(base.attributes);
  return href !== undefined && URL.canParse(href, page.href) ? new URL(href, page) : page;
}

const hrefOf = (attributes: string) => /(?<![\w-])href\s*=\s*["']?([^"'\s]+)/i.exec(attributes)?.[1];

function referenceOf({ name, attributes }: Tag): { address: string; kind: Asset['kind'] } | undefined {
  const address = name === 'script' ? /(?<![\w-])src\s*=\s*["']?([^"'\s]+)/i.exec(attributes)?.[1] : hrefOf(attributes);
  if (address === undefined) return undefined;
  // Browsers that run modules do not ask for the other kind.
  if (name === 'script' && !/(?<![\w-])nomodule(?![\w-])/i.test(attributes))
    return { address, kind: scriptKind(attributes) };
  const rel =
    name === 'link' ? /(?<![\w-])rel\s*=\s*["']?(stylesheet|modulepreload)/i.exec(attributes)?.[1] : undefined;
  if (rel === undefined) return undefined;
  return { address, kind: rel.toLowerCase() === 'stylesheet' ? 'style' : 'module' };
}

function scriptKind(attributes: string): Asset['kind'] {
  const type = /(?<![\w-])type\s*=\s*["']?([^"'\s]+)/i.exec(attributes)?.[1]?.toLowerCase() ?? '';
  if (type === 'module') return 'module';
  return type === '' || isJavaScript(type) ? 'classic' : 'data';
}

/** The media types of JavaScript that browsers know. */
export const isJavaScript = (type: string): boolean =>
  /^(?:text|application)\/(?:x-)?(?:java|ecma)script$|^text\/(?:javascript1\.[0-5]|jscript|livescript)$/.test(type);

/** Elements whose content is not read as tags; that of a script, too, is full of them. */
const opaque: ReadonlySet<string> = new Set(['title', 'style', 'noscript', 'template', 'script', 'textarea']);
const wanted: ReadonlySet<string> = new Set(['title', 'script', 'link', 'base']);
/** Elements that show something, or may make a script do so. */
const shows =
  /^(?:script|img|picture|svg|video|audio|canvas|i?frame|form|input|button|textarea|object|embed|[a-z]{1,40}-[\w-]{1,40})$/;

/** Reads every tag once, in order: the search goes on behind each, however the page is made. */
function scan(html: string): Scan {
  const lower = html.replace(/[A-Z]+/g, capitals => capitals.toLowerCase());
  const tags: Tag[] = [];
  const name = /<([a-z][a-z0-9-]{0,80})/y;
  let isBlank = true;
  let from = 0;
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', from)) {
    isBlank &&= html.slice(from, at).trim() === '';
    const isComment = html.startsWith('<!--', at);
    // "<!-->" is a whole comment.
    const close = isComment ? html.indexOf('-->', at + 2) : html.indexOf('>', at);
    from = close < 0 ? html.length : close + (isComment ? 3 : 1);
    name.lastIndex = at;
    const tag = close < 0 ? undefined : name.exec(lower)?.[1];
    if (tag === undefined) continue;
    const attributes = html.slice(name.lastIndex, close);
    if (wanted.has(tag)) tags.push({ name: tag, attributes, end: from });
    isBlank &&= !shows.test(tag) && !(tag === 'meta' && /http-equiv\s{0,9}=\s{0,9}["']?refresh/i.test(attributes));
    if (opaque.has(tag)) from = endOf(tag, lower, from);
  }
  return { tags, isBlank: isBlank && html.slice(from).trim() === '' };
}

/** Where the end tag of an element begins. */
function endOf(tag: string, lower: string, from: number): number {
  const end = lower.indexOf(`</${tag}`, from);
  return end < 0 ? lower.length : end;
}

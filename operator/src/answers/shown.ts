// The page at "/" as a person sees it: where its redirects end, whether the page there shows anything, and whether a browser can
// use its scripts and styles.
import { setTimeout as sleep } from 'node:timers/promises';
import type { PageFault, PageRedirect } from '@vibed/crds';
import type { Agent, Dispatcher } from 'undici';
import { type Asset, isJavaScript, type Page } from '../analysis/page.ts';
import type { ProbeAnswer, ProbeTarget } from '../artifact/questions.ts';
import { boundedBody, get, isHtml, mediaTypeOf } from './dial.ts';

/** The first answer, as far as a browser acts on it. */
export interface Landing {
  readonly status: number;
  readonly location?: string | undefined;
  /** The page, where it is HTML. */
  readonly page?: Uint8Array | undefined;
}
export interface Site {
  readonly target: ProbeTarget;
  readonly agent: Agent;
  readonly read: (page: Uint8Array, path: string) => Promise<Page>;
  readonly signal: AbortSignal;
}
export type ShownFacts = Pick<ProbeAnswer, 'title' | 'faults' | 'blank' | 'redirect'>;

const hops = 5;
/** For all requests that follow the first answer. */
const followMs = 15_000;
/** A part that fails is asked for once more: an app that has just started may need a moment. */
const againMs = 300;
/** Faults whose file is looked for in the folder above. */
const lookedFor = 3;
const pathLength = 1024;
const pagePath = '/';

/** `asked`: the answer at the path of the target, which a health path may name in place of the page. */
export async function shownFacts(asked: Landing, site: Site): Promise<ShownFacts> {
  const bounded = { ...site, signal: AbortSignal.any([site.signal, AbortSignal.timeout(followMs)]) };
  const isPage = site.target.path === pagePath;
  const first = isPage ? asked : await landingAt(pagePath, bounded);
  // An app that names a health path need not have a page.
  if (!isPage && (first.status === 0 || first.status >= 400)) return {};
  const { redirect, path, end } = await followed(first, bounded);
  site.signal.throwIfAborted();
  const seen = end?.page === undefined ? undefined : await site.read(end.page, path);
  const isShown = end !== undefined && end.status < 300;
  const faults = isShown ? await faultsOf(seen?.assets ?? [], bounded) : [];
  site.signal.throwIfAborted();
  return {
    ...(seen?.title !== undefined && { title: seen.title }),
    ...(isShown && seen?.isBlank === true && { blank: true }),
    ...(faults.length > 0 && { faults }),
    ...(redirect !== undefined && { redirect }),
  };
}

interface Followed {
  readonly redirect?: PageRedirect;
  readonly path: string;
  readonly end?: Landing;
}

/** Follows redirects within the app, as a browser without cookies does. */
async function followed(first: Landing, site: Site): Promise<Followed> {
  const { target } = site;
  const own = new URL(pagePath, `${target.scheme}://${target.host}`);
  let at = own;
  let landing = first;
  for (let hop = 0; hop <= hops; hop += 1) {
    const isFirst = landing === first;
    const path = at.pathname + at.search;
    const isRedirect = landing.status >= 300 && landing.status < 400 && landing.location !== undefined;
    if (!isRedirect || !URL.canParse(landing.location ?? '', at.href)) {
      const redirect = { to: path.slice(0, pathLength), kind: 'own', status: landing.status } as const;
      return { path, end: landing, ...(!isFirst && { redirect }) };
    }
    at = new URL(landing.location ?? '', at);
    const kind = kindOf(at, own);
    if (kind !== 'own') return { path, redirect: { to: at.href.slice(0, pathLength), kind } };
    landing = await landingAt(at.pathname + at.search, site);
  }
  return { path: at.pathname, redirect: { to: (at.pathname + at.search).slice(0, pathLength), kind: 'endless' } };
}

/** Both schemes are the app's: where TLS ends before the app, the probe asks without it. */
function kindOf(to: URL, own: URL): 'own' | 'local' | 'elsewhere' {
  if (to.hostname === own.hostname && (to.port === '' || to.port === own.port)) return 'own';
  return /^(?:localhost|127\.[\d.]{1,12}|0\.0\.0\.0|\[::1?\])$/.test(to.hostname) ? 'local' : 'elsewhere';
}

async function landingAt(path: string, { target, agent, signal }: Site): Promise<Landing> {
  try {
    const answer = await get(target, path, agent, signal);
    const body = await boundedBody(answer.body);
    return landingOf(answer, body);
  } catch {
    return { status: 0 };
  }
}

export function landingOf(answer: Dispatcher.ResponseData, body: Uint8Array): Landing {
  const { location } = answer.headers;
  return {
    status: answer.statusCode,
    ...(typeof location === 'string' && { location }),
    ...(isHtml(answer) && { page: body }),
  };
}

async function faultsOf(assets: readonly Asset[], site: Site): Promise<PageFault[]> {
  const first = await Promise.all(assets.map(asset => faultOf(asset, site)));
  const doubtful = assets.filter((_, index) => first[index] !== undefined);
  if (doubtful.length === 0) return [];
  await sleep(againMs, undefined, { signal: site.signal }).catch(() => undefined);
  const again = await Promise.all(doubtful.map(asset => faultOf(asset, site)));
  const faults = doubtful.flatMap((asset, index) => {
    const fault = again[index];
    return fault === undefined ? [] : [{ asset, fault }];
  });
  return await Promise.all(
    faults.map(async ({ asset, fault }, index) => {
      const foundAt = index < lookedFor && fault.status !== 0 ? await foundAbove(asset, site) : undefined;
      return { ...fault, ...(foundAt !== undefined && { foundAt }) };
    }),
  );
}

async function faultOf({ path, kind }: Asset, { target, agent, signal }: Site): Promise<PageFault | undefined> {
  const named = { path: path.slice(0, pathLength), kind: kind === 'style' ? 'style' : 'script' } as const;
  try {
    const answer = await get(target, path, agent, signal);
    await answer.body.dump();
    const status = answer.statusCode;
    if (status >= 400) return { ...named, status };
    // A browser follows the redirect; where to is not the app's fault.
    if (status >= 300 || runs(kind, answer)) return undefined;
    const type = mediaTypeOf(answer);
    return { ...named, status, ...(type !== undefined && { type }) };
  } catch {
    return { ...named, status: 0 };
  }
}

/** Whether browsers use an answer of this media type as a part of this kind. */
function runs(kind: Asset['kind'], answer: Dispatcher.ResponseData): boolean {
  const type = mediaTypeOf(answer);
  const isStrict = String(answer.headers['x-content-type-options'] ?? '').toLowerCase() === 'nosniff';
  switch (kind) {
    case 'module':
      return type !== undefined && isJavaScript(type);
    case 'style':
      return type === undefined ? !isStrict : type === 'text/css';
    case 'classic':
      if (type === undefined || isStrict) return type === undefined ? !isStrict : isJavaScript(type);
      // Browsers run old scripts of nearly any type; a page in place of a script is an error in its first line.
      return !/^(?:image|audio|video)\/|^text\/(?:html|csv)$/.test(type);
    case 'data':
      return true;
    default:
      return kind satisfies never;
  }
}

/** The path without its first folder, where the file is there: the page was built for a folder that is not part of the address. */
async function foundAbove({ path, kind }: Asset, site: Site): Promise<string | undefined> {
  const above = path.slice(Math.max(0, path.indexOf('/', 1)));
  if (path.indexOf('/', 1) < 0) return undefined;
  const isThere = (await faultOf({ path: above, kind }, site)) === undefined;
  return isThere ? above.slice(0, pathLength) : undefined;
}

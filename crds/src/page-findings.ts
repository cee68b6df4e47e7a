// Findings about the page that a verified app shows, from the facts of its probe. The operator, the API and the commands read
// the same findings, so that every door gives the same warnings.
import type { PageFault, PageRedirect, Probe } from './status.ts';

/** The app that was asked. */
export interface Shown {
  /** The path that the probe asked for: "/" or the health path. The other facts are about the page at "/". */
  readonly path: string;
  /** Address of the app, where known. */
  readonly url?: string | undefined;
  /** Language that the app was built as. */
  readonly language?: string | undefined;
}

export interface PageFindings {
  /** Sentences for people: what is wrong, where, and what to do. */
  readonly warnings: readonly string[];
  /** Whether people who open the app do not see it. Other warnings may be meant so. */
  readonly isBroken: boolean;
}

interface Finding {
  readonly warning: string;
  readonly isBroken: boolean;
}

type FactsOfPage = Pick<Probe, 'status' | 'faults' | 'blank' | 'redirect' | 'refusedHost'>;

/** Faults that are told one by one; the others are counted. */
const faultsTold = 3;
const warningLength = 400;

export function pageFindings(probe: FactsOfPage, shown: Shown): PageFindings {
  const findings = [
    ...(probe.refusedHost !== undefined
      ? [hostFinding(probe.refusedHost, probe.status, shown)]
      : statusFindings(probe.status, shown)),
    ...(probe.redirect === undefined ? [] : redirectFindings(probe.redirect)),
    ...(probe.blank === true ? [blankFinding(probe)] : []),
    ...faultFindings(probe.faults ?? []),
  ];
  return {
    warnings: findings.map(({ warning }) => warning.slice(0, warningLength)),
    isBroken: findings.some(({ isBroken }) => isBroken),
  };
}

const broken = (warning: string): Finding => ({ warning, isBroken: true });
const doubtful = (warning: string): Finding => ({ warning, isBroken: false });
const cut = (text: string): string => (text.length > 120 ? `${text.slice(0, 119)}…` : text);

/** Remedy for an app that refuses its own host. */
export function hostRemedy(framework: NonNullable<Probe['refusedHost']>, host: string | undefined): string {
  const name = host === undefined ? "the app's host" : `the app's host "${host}"`;
  switch (framework) {
    case 'django':
      return `Add ${name} to ALLOWED_HOSTS in the Django settings.`;
    case 'vite':
      return `Add ${name} to preview.allowedHosts (for a dev server: server.allowedHosts) in the Vite config, or build the site and serve the built folder.`;
    case 'other':
      return `Add ${name} to the hosts that the app allows.`;
    default:
      return framework satisfies never;
  }
}

function hostFinding(framework: NonNullable<Probe['refusedHost']>, status: number, shown: Shown): Finding {
  const host = shown.url !== undefined && URL.canParse(shown.url) ? new URL(shown.url).hostname : undefined;
  return broken(`${shown.path} answers ${status}: the app refuses its own host name. ${hostRemedy(framework, host)}`);
}

function statusFindings(status: number, { path, language }: Shown): Finding[] {
  if (status < 400) return [];
  if (language === 'static' && (status === 403 || status === 404))
    return [broken(`${path} answers ${status}: there is no index.html. Put the page to show first into index.html.`)];
  if (status === 401 || status === 403) return [doubtful(`${path} answers ${status}: people need to sign in first.`)];
  return [
    broken(
      `${path} answers ${status}, so people who open the app see an error. Serve a page there, or, where the app has none, set spec.run.health.path to a path that answers 2xx.`,
    ),
  ];
}

function redirectFindings({ kind, to, status = 200 }: PageRedirect): Finding[] {
  const address = cut(to);
  switch (kind) {
    case 'local':
      return [
        broken(
          `/ redirects to ${address}, which is the computer of whoever opens it. Redirect to a path of the app, for example "/login".`,
        ),
      ];
    case 'elsewhere':
      return [
        doubtful(
          `/ redirects to another address, ${address}, which vibeD does not check. If that is not meant, redirect to a path of the app.`,
        ),
      ];
    case 'endless':
      return [
        doubtful(
          `/ redirects to ${address} and on, without an end. An app that redirects http to https must trust the header X-Forwarded-Proto.`,
        ),
      ];
    case 'own':
      if (status === 0) return [doubtful(`/ redirects to ${address}, which did not answer in time.`)];
      if (status < 400 || status === 401 || status === 403) return [];
      return [broken(`/ redirects to ${address}, which answers ${status}. Serve a page there, or redirect to one.`)];
    default:
      return kind satisfies never;
  }
}

function blankFinding({ redirect }: FactsOfPage): Finding {
  const page = cut(redirect?.to ?? '/');
  return broken(`the page at ${page} is blank: it has no text, picture, form or script. Put content into it.`);
}

function faultFindings(faults: readonly PageFault[]): Finding[] {
  const findings = faults.slice(0, faultsTold).map(faultFinding);
  const more = faults.slice(faultsTold);
  if (more.length === 0) return findings;
  const isBroken = more.some(({ status }) => status !== 0);
  return [...findings, { warning: `${more.length} more scripts or styles of the page do not load.`, isBroken }];
}

function faultFinding(fault: PageFault): Finding {
  const { path, kind, status, type } = fault;
  const name = cut(path);
  // A slow moment is no proof.
  if (status === 0) return doubtful(`${name}, a ${kind} of the page, did not answer in time.`);
  const what =
    status >= 400 ? `answers ${status}` : `is served as ${type ?? 'no type'}, which browsers do not use as a ${kind}`;
  return broken(`${name} ${what}: ${faultRemedy(fault)}`);
}

const typeScript = /\.(?:tsx?|jsx|mts|vue|svelte)(?:\?|$)/;

function faultRemedy({ path, type, foundAt }: PageFault): string {
  if (foundAt !== undefined) return `the file is at ${cut(foundAt)}. ${baseRemedy(foundAt)}`;
  if (typeScript.test(path))
    return 'browsers do not run this source. Give a package.json whose build script makes the site (for example "vite build") next to the page, or deploy the built folder.';
  if (type === 'text/html')
    return 'a page is served in place of the file. Correct the path in the page, or add the file.';
  return 'correct the path in the page, or add the file to the source.';
}

/** The setting that puts a folder before every path of the page. The place of the file tells the tool. */
function baseRemedy(foundAt: string): string {
  if (foundAt.startsWith('/_next/')) return 'Remove basePath (and assetPrefix) from the Next.js config.';
  if (foundAt.startsWith('/static/js/') || foundAt.startsWith('/static/css/'))
    return 'Remove "homepage" from package.json, or set it to "/".';
  if (foundAt.startsWith('/assets/')) return "Set base in vite.config.js to '/'.";
  if (foundAt.startsWith('/_astro/')) return "Set base in astro.config.mjs to '/'.";
  if (foundAt.startsWith('/_app/')) return 'Remove kit.paths.base from svelte.config.js.';
  return 'Set the base path of the build to "/" (Vite: base, Angular: --base-href, Vue CLI: publicPath).';
}

import { describe, expect, it } from 'vitest';
import { pageFindings } from './page-findings.ts';
import type { PageFault, Probe } from './status.ts';

const shown = { path: '/', url: 'https://notes.apps.example.com' };
const found = (probe: Partial<Probe>, more = {}) => pageFindings({ status: 200, ...probe }, { ...shown, ...more });
const fault = (path: string, more: Partial<PageFault> = {}): PageFault => ({
  path,
  kind: 'script',
  status: 404,
  ...more,
});

it('a page whose parts load has no findings', () => {
  expect(found({})).toEqual({ warnings: [], isBroken: false });
});

describe('scripts and styles', () => {
  it.each([
    ['/assets/index-abc.js', "Set base in vite.config.js to '/'."],
    ['/static/js/main.js', 'Remove "homepage" from package.json, or set it to "/".'],
    ['/_next/static/main.js', 'Remove basePath (and assetPrefix) from the Next.js config.'],
    ['/main.js', 'Angular: --base-href'],
  ])('a file that is at %s without its first folder names the setting of the tool', (foundAt, remedy) => {
    const { warnings, isBroken } = found({ faults: [fault(`/my-notes${foundAt}`, { foundAt })] });
    expect(warnings[0]).toContain(`/my-notes${foundAt} answers 404: the file is at ${foundAt}. `);
    expect(warnings[0]).toContain(remedy);
    expect(isBroken).toBe(true);
  });

  it('TypeScript that was not built is named as such', () => {
    const { warnings, isBroken } = found({ faults: [fault('/src/main.ts', { status: 200, type: 'video/mp2t' })] });
    expect(warnings[0]).toMatch(/^\/src\/main\.ts is served as video\/mp2t, .*"vite build"/);
    expect(isBroken).toBe(true);
  });

  it('a file that does not answer in time is a warning only', () => {
    expect(found({ faults: [fault('/a.js', { status: 0 })] })).toMatchObject({
      isBroken: false,
      warnings: [expect.stringContaining('in time')],
    });
  });

  it('many faults are counted, and long paths are cut', () => {
    const { warnings } = found({ faults: Array.from({ length: 10 }, () => fault(`/${'x'.repeat(1000)}`)) });
    expect(warnings).toHaveLength(4);
    expect(warnings[3]).toBe('7 more scripts or styles of the page do not load.');
    expect(Math.max(...warnings.map(text => text.length))).toBeLessThan(401);
  });
});

describe('the answer at the path', () => {
  it.each([
    [400, true],
    [404, true],
    [405, true],
    [401, false],
    [403, false],
  ])('%s: broken %s', (status, isBroken) => {
    const got = found({ status });
    expect(got.isBroken).toBe(isBroken);
    expect(got.warnings).toHaveLength(1);
  });

  it('a static site without a first page names index.html', () => {
    const { warnings, isBroken } = found({ status: 403 }, { language: 'static' });
    expect([warnings[0], isBroken]).toEqual([expect.stringContaining('there is no index.html'), true]);
  });

  it('an app that refuses its host names the host and the setting', () => {
    const django = found({ status: 400, refusedHost: 'django' });
    expect(django.isBroken).toBe(true);
    expect(django.warnings).toEqual([
      '/ answers 400: the app refuses its own host name. Add the app\'s host "notes.apps.example.com" to ALLOWED_HOSTS in the Django settings.',
    ]);
    expect(found({ status: 403, refusedHost: 'vite' }).warnings[0]).toContain('preview.allowedHosts');
  });

  it('a blank page is broken', () => {
    expect(found({ blank: true })).toMatchObject({
      isBroken: true,
      warnings: [expect.stringContaining('the page at / is blank')],
    });
  });
});

describe('a redirect', () => {
  it.each([
    ['to a login of the app is fine', { kind: 'own', to: '/login', status: 200 }, 0, false],
    ['to a login that answers 401 is fine', { kind: 'own', to: '/login', status: 401 }, 0, false],
    ['to a path that is not there is broken', { kind: 'own', to: '/home', status: 404 }, 1, true],
    ['to a path that fails is broken', { kind: 'own', to: '/home', status: 500 }, 1, true],
    ['to a path that is slow is a warning', { kind: 'own', to: '/home', status: 0 }, 1, false],
    ["to the reader's own computer is broken", { kind: 'local', to: 'http://localhost:3000/' }, 1, true],
    ['to another host is a warning: sign-in may be there', { kind: 'elsewhere', to: 'https://id.example/' }, 1, false],
    ['without an end is a warning', { kind: 'endless', to: '/' }, 1, false],
  ] as const)('%s', (_, redirect, count, isBroken) => {
    const got = found({ status: 302, redirect });
    expect([got.warnings.length, got.isBroken]).toEqual([count, isBroken]);
  });
});

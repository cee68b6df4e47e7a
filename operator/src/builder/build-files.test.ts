import { describe, expect, it } from 'vitest';
import { buildEnvironment } from './build-files.ts';

describe('buildEnvironment', () => {
  it('is empty without settings', () => {
    expect(buildEnvironment({})).toEqual({ process: {}, files: {}, env: {} });
  });
  it("keeps every value of the site out of the names that reach the image's history", () => {
    const built = buildEnvironment({
      httpsProxy: 'http://user:secret@proxy:3128',
      npmRegistry: 'https://secret.example/npm/',
      pipIndexUrl: 'https://u:secret@pypi.example/simple',
      goProxy: 'https://secret.example/go',
      cargoIndex: 'sparse+https://secret.example/"',
      caBundle: 'secret certificate',
    });
    expect(JSON.stringify(built.env)).not.toContain('secret');
    expect(Object.values(built.env).every(path => path.startsWith('/run/vibed-build/'))).toBe(true);
    expect(built.process).toEqual({
      https_proxy: 'http://user:secret@proxy:3128',
      HTTPS_PROXY: 'http://user:secret@proxy:3128',
    });
    expect(built.files).toMatchObject({
      npmrc: 'registry=https://secret.example/npm/\ncafile=/run/vibed-build/ca.pem\n',
      'go.env': 'GOPROXY=https://secret.example/go\n',
    });
  });
  it('refuses a setting of two lines', () => {
    expect(() => buildEnvironment({ npmRegistry: 'https://a\nscript-shell=/bin/evil' })).toThrow('one line');
  });
});

import { describe, expect, it } from 'vitest';
import {
  allowList,
  cargoIndexIn,
  debianSourcesIn,
  hostPort,
  type PackageSources,
  pipIndexIn,
} from './package-sources.ts';

describe('apt sources', () => {
  it('reads deb822 stanzas, with comments, several suites and disabled ones', () => {
    const text = `Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
`;
    expect(debianSourcesIn(text)).toEqual([
      'http://mirror.example/debian bookworm',
      'http://mirror.example/debian bookworm-updates',
    ]);
  });

  it('reads one-line sources, with options', () => {
    const text = `deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian bookworm main contrib
deb-src https://mirror.example/debian bookworm main
# deb http://old.example/debian bookworm main
`;
    expect(debianSourcesIn(text)).toEqual(['https://mirror.example/debian bookworm']);
  });
});

describe('client configurations', () => {
  it("finds pip's index, where the environment wins over files", () => {
    const list =
      "global.cert='/ca.pem'\nglobal.index-url='https://file.example/simple'\n:env:.index-url='https://env.example/simple'\n";
    expect(pipIndexIn(list)).toBe('https://env.example/simple');
    expect(pipIndexIn("global.extra-index-url='https://extra.example'")).toBeUndefined();
    expect(pipIndexIn('')).toBeUndefined();
  });

  it('follows the replacement of crates.io', () => {
    const toml = `[source.crates-io]
replace-with = "mirror"

[source.mirror]
registry = "sparse+https://cargo.example/index/"
`;
    expect(cargoIndexIn(toml)).toBe('sparse+https://cargo.example/index/');
    expect(cargoIndexIn('[net]\nretry = 3\n')).toBeUndefined();
  });
});

describe('the allow-list', () => {
  const sources: PackageSources = {
    npmRegistry: 'https://npm.example/a/path/',
    pipIndexUrl: 'https://user:secret@pip.example:8443/simple',
    goProxy: 'https://go.example|https://go2.example,direct',
    goSumDB: 'sum.example+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    cargoIndex: 'sparse+https://cargo.example/',
    apt: ['http://deb.example/debian bookworm', 'http://deb.example/debian bookworm-updates'],
  };

  it('has exactly the hosts of the sources and of their files, with ports and without credentials', () => {
    expect(allowList(sources, ['https://files.example'])).toEqual([
      'cargo.example:443',
      'deb.example:80',
      'files.example:443',
      'go.example:443',
      'go2.example:443',
      'npm.example:443',
      'pip.example:8443',
      'sum.example:443',
    ]);
  });

  it('leaves out what is switched off', () => {
    const off = { ...sources, goProxy: 'off', goSumDB: 'off' };
    expect(allowList(off, []).filter(host => /^(go|sum|off)/.test(host))).toEqual([]);
  });

  it('asks a checksum database at its own URL when it has one', () => {
    expect(allowList({ ...sources, goSumDB: 'sum.example https://mirror.example/sumdb' }, [])).toContain(
      'mirror.example:443',
    );
  });

  it.each(['direct', '', 'file:///srv/packages', 'not a url'])('takes no host from %j', text =>
    expect(hostPort(text)).toBeUndefined(),
  );
});

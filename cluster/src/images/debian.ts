// debian:bookworm-slim, made by debootstrap from the machine's own Debian archive; every other base image grows from it.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../command.ts';
import type { PackageSources } from '../package-sources.ts';
import { PINNED } from '../pinned.ts';
import { CLEAN, type Recipe } from './image.ts';

// What makes an image of Debian "slim", and what keeps package scripts from starting services in a container.
const FILES: Readonly<Record<string, string>> = {
  'etc/dpkg/dpkg.cfg.d/docker': ['doc', 'man', 'info', 'groff', 'lintian', 'linda', 'locale']
    .map(name => `path-exclude /usr/share/${name}/*\n`)
    .join('')
    .concat('path-include /usr/share/doc/*/copyright\n', 'force-unsafe-io\n'),
  'etc/apt/apt.conf.d/docker-clean': [
    'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };',
    'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";',
    'Acquire::Languages "none"; Acquire::GzipIndexes "true"; Apt::AutoRemove::SuggestsImportant "false";\n',
  ].join('\n'),
  'usr/sbin/policy-rc.d': '#!/bin/sh\nexit 101\n',
  'etc/resolv.conf': '',
  'etc/hostname': 'localhost\n',
  'etc/apt/sources.list': '',
};
const EMPTIED = [
  'usr/share/man',
  'usr/share/info',
  'usr/share/locale',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
];

export function debianSlim(sources: PackageSources, log: string): Recipe {
  const archive = sources.apt.find(source => source.endsWith(` ${PINNED.debian}`))?.split(' ')[0];
  if (!archive)
    throw new Error(`no apt source of this machine has ${PINNED.debian}; add one to /etc/apt/sources.list.d`);
  return {
    name: `debian:${PINNED.debian}-slim`,
    ingredients: [sources.apt, FILES],
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['bash'] },
    copy: async root => {
      // debootstrap mounts /proc below its target: in a namespace of its own that cannot outlive it.
      const namespace = ['unshare', '--mount', '--propagation', 'private', '--'] as const;
      await run([...namespace, 'nice', 'debootstrap', '--variant=minbase', PINNED.debian, root, archive], { log });
      await slim(root, sources.apt);
    },
    // debootstrap knows one suite; the security archive is another one.
    script: `apt-get update -q\napt-get upgrade -qy\n${CLEAN}\n`,
  };
}

async function slim(root: string, apt: readonly string[]): Promise<void> {
  for (const [path, content] of Object.entries(FILES)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content, { mode: path.startsWith('usr/sbin') ? 0o755 : 0o644 });
  }
  const stanzas = apt.map(source => {
    const [uri, suite] = source.split(' ');
    const key = '/usr/share/keyrings/debian-archive-keyring.gpg';
    return `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: ${key}\n`;
  });
  await writeFile(join(root, 'etc/apt/sources.list.d/debian.sources'), stanzas.join('\n'));
  for (const path of EMPTIED) {
    await rm(join(root, path), { recursive: true, force: true });
    await mkdir(join(root, path), { recursive: true });
  }
  await mkdir(join(root, 'var/lib/apt/lists/partial'), { recursive: true });
  await mkdir(join(root, 'var/cache/apt/archives/partial'), { recursive: true });
  await run(['find', join(root, 'usr/share/doc'), '-type', 'f', '!', '-name', 'copyright', '-delete']);
}

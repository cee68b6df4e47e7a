// Images that serve or build: the unprivileged static server, Buildah, Node with git, and the pause container.
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PINNED } from '../pinned.ts';
import type { Recipe } from './image.ts';
import { aptInstall } from './languages.ts';

// Every path nginx writes to is below /tmp, so any user id will do and the root may be read-only.
const NGINX_CONF = `worker_processes auto;
error_log /dev/stderr notice;
pid /tmp/nginx.pid;

events { worker_connections 1024; }

http {
  proxy_temp_path /tmp/proxy_temp;
  client_body_temp_path /tmp/client_temp;
  fastcgi_temp_path /tmp/fastcgi_temp;
  uwsgi_temp_path /tmp/uwsgi_temp;
  scgi_temp_path /tmp/scgi_temp;
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /dev/stdout;
  sendfile on;
  keepalive_timeout 65;
  include /etc/nginx/conf.d/*.conf;
}
`;

const NGINX_DEFAULT = `server {
  listen 8080;
  server_name localhost;
  location / {
    root /usr/share/nginx/html;
    index index.html index.htm;
  }
  error_page 500 502 503 504 /50x.html;
  location = /50x.html { root /usr/share/nginx/html; }
}
`;

export function nginxUnprivileged(debian: Recipe): Recipe {
  return {
    name: 'nginxinc/nginx-unprivileged:1.22',
    from: debian,
    ingredients: [],
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Cmd: ['nginx', '-g', 'daemon off;'],
      User: '101',
      ExposedPorts: { '8080/tcp': {} },
      StopSignal: 'SIGQUIT',
    },
    script: `${aptInstall('nginx')}
getent group 101 || groupadd --gid 101 nginx
getent passwd 101 || useradd --uid 101 --gid 101 --home-dir /nonexistent --no-create-home --shell /bin/false nginx
rm -rf /etc/nginx/sites-* /etc/nginx/conf.d/* /etc/nginx/snippets /etc/nginx/modules-enabled /var/lib/nginx /var/www
mkdir -p /usr/share/nginx/html /var/log/nginx /etc/nginx/conf.d
rm -f /usr/share/nginx/html/*
echo '<!doctype html><title>nginx</title><h1>It works</h1>' > /usr/share/nginx/html/index.html
echo '<!doctype html><title>Error</title><h1>The server had a problem</h1>' > /usr/share/nginx/html/50x.html
cat > /etc/nginx/nginx.conf <<'CONF'
${NGINX_CONF}CONF
cat > /etc/nginx/conf.d/default.conf <<'CONF'
${NGINX_DEFAULT}CONF
chown -R 101:0 /usr/share/nginx/html /etc/nginx /var/log/nginx
chmod -R g+rwX,o+rX /usr/share/nginx/html /etc/nginx
nginx -v
`,
  };
}

const POLICY = JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] });
const STORAGE =
  '[storage]\ndriver = "overlay"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n';

/** `binary` is the directory that holds the compiled program. */
export function buildah(debian: Recipe, binary: string): Recipe {
  return {
    name: `vibed/buildah:${PINNED.buildah}`,
    from: debian,
    ingredients: [binary.split('/').at(-1)],
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'BUILDAH_ISOLATION=chroot'],
      Cmd: ['buildah', 'version'],
    },
    copy: async root => {
      const bin = join(root, 'usr/local/bin');
      const containers = join(root, 'etc/containers');
      const stubs = join(root, 'usr/libexec/podman');
      for (const directory of [bin, containers, stubs]) await mkdir(directory, { recursive: true });
      await copyFile(join(binary, 'buildah'), join(bin, 'buildah'));
      await chmod(join(bin, 'buildah'), 0o755);
      await writeFile(join(containers, 'policy.json'), POLICY);
      await writeFile(join(containers, 'registries.conf'), 'unqualified-search-registries = ["docker.io"]\n');
      await writeFile(join(containers, 'storage.conf'), STORAGE);
      // Asked for at start, and never called: chroot isolation uses the pod's own network.
      await writeFile(join(stubs, 'netavark'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    },
    script: `${aptInstall('ca-certificates')}buildah --version\n`,
  };
}

/** What the operator's image and the build's source step are made from. */
export function nodeWithGit(nodeSlim: Recipe): Recipe {
  return {
    name: 'vibed/node-git:24',
    from: nodeSlim,
    ingredients: [],
    config: {},
    script: `${aptInstall('git', 'ca-certificates')}git --version\n`,
  };
}

/** The container that holds a pod's namespaces; `packages` is where the Debian packages were unpacked. */
export function pause(packages: string): Recipe {
  return {
    name: 'vibed/pause:1',
    ingredients: [packages.split('/').at(-1)],
    config: { Entrypoint: ['/pause', '-P'], User: '65535:65535' },
    copy: async root => {
      await copyFile(join(packages, 'usr/bin/catatonit'), join(root, 'pause'));
      await chmod(join(root, 'pause'), 0o755);
    },
  };
}

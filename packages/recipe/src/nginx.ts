/** The configuration of the static server: nginx as any uid, with a read-only root and a writable /tmp. */
import { plain } from './steps.ts';

/** What the server has to know about the files it serves. */
export interface StaticSite {
  readonly port: number;
  /** Unknown paths without an extension get index.html, so that a single-page application's routes survive a reload; elsewhere they are
   * not found. */
  readonly spaFallback: boolean;
  /** The tree brings its own 404.html. */
  readonly notFoundPage: boolean;
  /** File names under the bundler's asset folders carry a content hash: they may be cached for ever. */
  readonly hashedAssets: boolean;
  /** Paths that are not found although the files are there: sources of patterns (PCRE) of whole paths. */
  readonly heldBack: readonly string[];
  /** The same as whole paths, without a leading slash; plain names only. */
  readonly heldBackPaths: readonly string[];
  /** Paths that are served although their names are held back. */
  readonly shownPaths: readonly string[];
}

/** nginx.conf in full: it replaces the base's, so that only the binary and its mime.types are taken from there. */
export function nginxConf(site: StaticSite): string {
  return [...mainBlock, ...httpBlock, ...serverBlock(site), '}', ''].join('\n');
}

const mainBlock = [
  'worker_processes 1;',
  'pid /tmp/nginx.pid;',
  'error_log stderr warn;',
  'events { worker_connections 1024; }',
];

const httpBlock = [
  'http {',
  '  include /etc/nginx/mime.types;',
  '  types { text/javascript mjs; application/manifest+json webmanifest; text/plain md; }',
  '  default_type application/octet-stream;',
  '  charset utf-8;',
  '  charset_types text/css text/plain text/javascript application/javascript application/json;',
  '  access_log off;',
  '  sendfile on;',
  '  server_tokens off;',
  '  client_body_temp_path /tmp/client_body;',
  '  proxy_temp_path /tmp/proxy;',
  '  fastcgi_temp_path /tmp/fastcgi;',
  '  uwsgi_temp_path /tmp/uwsgi;',
  '  scgi_temp_path /tmp/scgi;',
  '  gzip on;',
  '  gzip_vary on;',
  '  gzip_min_length 1024;',
  '  gzip_proxied any;',
  '  gzip_types text/plain text/css text/javascript application/javascript application/json application/manifest+json',
  '    application/wasm application/xml image/svg+xml;',
];

function serverBlock(site: StaticSite): string[] {
  const assets = site.hashedAssets
    ? [
        '    # The name of these files changes with their content.',
        '    location ~ "^/(?:assets|static|_astro|_nuxt|_next/static|_app/immutable)/.*[-.][0-9A-Za-z_-]{8,}\\.[0-9a-z]+$" {',
        '      try_files $uri =404;',
        '      add_header Cache-Control "public, max-age=31536000, immutable";',
        '      add_header X-Content-Type-Options nosniff;',
        '    }',
      ]
    : [];
  return [
    '  server {',
    `    listen ${site.port};`,
    '    root /app;',
    '    index index.html;',
    '    autoindex off;',
    '    absolute_redirect off;',
    '    add_header Cache-Control no-cache;',
    '    add_header X-Content-Type-Options nosniff;',
    ...(site.notFoundPage ? ['    error_page 404 /404.html;'] : []),
    '    location ~ "/\\.(?!well-known/)" { return 404; }',
    ...(site.heldBack.length > 0 ? ['    # Sources of programs, project files and keys are not for the public.'] : []),
    ...site.heldBack.map(pattern => `    location ~* "${pattern}" { return 404; }`),
    ...site.shownPaths.map(path => `    location = "/${plain(path)}" { try_files $uri =404; }`),
    ...site.heldBackPaths.map(path => `    location = "/${plain(path)}" { return 404; }`),
    ...assets,
    '    # A missing script or style is an error, never the page itself with the wrong type.',
    '    location ~ "\\.[0-9A-Za-z]+$" { try_files $uri =404; }',
    `    location / { try_files $uri $uri/ $uri.html ${site.spaFallback ? '/index.html' : '=404'}; }`,
    '  }',
  ];
}

// Runs in a pod (see git-server.ts), alone, with nothing but Node and git beside it.
//   /-/…            the test's own door: readiness, and making commits
//   /<name>.git/…   git's smart HTTP protocol, answered by `git http-backend`
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = process.env.HOME;
const login = process.env.LOGIN;
const identity = ['-c', 'user.name=e2e', '-c', 'user.email=e2e@vibed.dev', '-c', 'init.defaultBranch=main'];
const git = (cwd, ...args) => execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8' }).trim();

function commit(name, { branch, files, tag }) {
  const bare = join(root, `${name}.git`);
  if (!existsSync(bare)) git(root, 'init', '--bare', bare);
  const work = mkdtempSync(join(tmpdir(), 'work-'));
  git(work, 'clone', bare, '.');
  git(work, 'checkout', '-B', branch, ...(hasBranch(bare, branch) ? [`origin/${branch}`] : []));
  git(work, 'rm', '-rf', '--ignore-unmatch', '.');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), content);
  }
  git(work, 'add', '--all', '--force');
  git(work, 'commit', '--allow-empty', '-m', 'As the scenario wants it');
  if (tag !== undefined) git(work, 'tag', tag);
  git(work, 'push', '--tags', 'origin', branch);
  const id = git(work, 'rev-parse', 'HEAD');
  rmSync(work, { recursive: true });
  return { id };
}

function hasBranch(bare, branch) {
  return git(bare, 'branch', '--list', branch) !== '';
}

async function ownDoor(request, response, path) {
  const body = Buffer.concat(await request.toArray()).toString('utf8');
  const answer = path.startsWith('commit/') ? commit(path.slice('commit/'.length), JSON.parse(body)) : { ready: true };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer));
}

const isAllowed = request =>
  login === undefined || request.headers.authorization === `Basic ${Buffer.from(login).toString('base64')}`;

function backend(request, response, url) {
  if (!isAllowed(request)) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('a login is needed\n');
    return;
  }
  const environment = {
    PATH: process.env.PATH,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    REQUEST_METHOD: request.method,
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    GIT_PROTOCOL: request.headers['git-protocol'] ?? '',
    ...(request.headers['content-length'] && { CONTENT_LENGTH: request.headers['content-length'] }),
  };
  const child = spawn('git', ['http-backend'], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
  request.pipe(child.stdin);
  child.stdin.on('error', () => undefined);
  answerWith(child, response);
}

/** A CGI answer: header lines, an empty line, the body. */
function answerWith(child, response) {
  let head = Buffer.alloc(0);
  const onHead = chunk => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    child.stdout.off('data', onHead);
    for (const line of head.subarray(0, end).toString('utf8').split('\r\n')) {
      const [name, value = ''] = line.split(/: (.*)/s);
      if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  };
  child.stdout.on('data', onHead);
  child.on('close', () => response.end());
}

createServer((request, response) => {
  const url = new URL(request.url, 'http://git');
  if (!url.pathname.startsWith('/-/')) return backend(request, response, url);
  ownDoor(request, response, url.pathname.slice(3)).catch(error => {
    response.writeHead(500).end(String(error.stderr ?? error));
  });
}).listen(process.env.PORT);

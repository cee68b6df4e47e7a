/** Fetching one commit with the real git, from a URL and a ref that somebody else wrote.
 *
 * Nothing is ever checked out: the commit's objects are read with ls-tree and cat-file, so that no hook, filter, attribute, submodule or
 * link of the repository can act. Every argument is an argv element behind `--`; credentials travel in files and environment only. */
import { spawn } from 'node:child_process';
import { copyFile, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceError } from './fault.ts';
import { gitFault } from './git-faults.ts';
import { type GitRoute, gitRoute } from './git-host.ts';
import { movedTo } from './git-redirect.ts';
import { type Git, gitTree } from './git-tree.ts';
import type { SourceJob } from './job.ts';
import type { TreeWriter } from './tree-writer.ts';

type GitSource = Extract<SourceJob['source'], { kind: 'git' }>;

const helper =
  '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$(cat "$VIBED_GIT_CREDENTIALS/username")" "$(cat "$VIBED_GIT_CREDENTIALS/password")"; }; f';

/** Fetches the source into the writer and returns the commit id. `scratch` is an empty folder for the objects. */
export async function fetchGit(
  source: GitSource,
  scratch: string,
  writer: TreeWriter,
  signal: AbortSignal,
): Promise<string> {
  const url = checkedUrl(source);
  const ref = checkedRef(source.ref);
  const route: GitRoute =
    url.protocol === 'file:' ? { kind: 'direct', addresses: [] } : await gitRoute(url, source.hosts, process.env);
  const git = await gitIn({ source, url, route, scratch, signal });
  await git(['init', '--quiet', '--bare']);
  try {
    await fetchRef(git, url.href, ref);
  } catch (error) {
    if (!(error instanceof SourceError) || !redirected.test(error.message)) throw error;
    await fetchRef(git, (await movedTo(url, route, signal)).href, ref);
  }
  const commit = (await git(['rev-parse', '--verify', '--quiet', '--end-of-options', 'FETCH_HEAD^{commit}']))
    .toString()
    .trim();
  await gitTree(git, { commit, path: source.path ?? '', scratch }, writer);
  return commit;
}

/** In git's words. */
const redirected = /returned error: 30[12378]/;

async function fetchRef(git: Git, url: string, ref: string): Promise<void> {
  const options = [
    '--no-tags',
    '--no-recurse-submodules',
    '--no-write-commit-graph',
    '--no-auto-maintenance',
    '--quiet',
  ];
  try {
    await git(['fetch', ...options, '--depth=1', '--', url, ref]);
  } catch (error) {
    const isCommit = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(ref);
    if (!isCommit || !(error instanceof SourceError) || error.reason !== 'GitRefNotFound') throw error;
    // Some servers give a commit only to those who have fetched the branch it is on.
    await git(['fetch', ...options, '--', url, '+refs/heads/*:refs/heads/*']);
    await git(['fetch', ...options, '--', '.', ref]);
  }
}

/** The URL, when its protocol is allowed and nothing is hidden in it. */
function checkedUrl(source: GitSource): URL {
  const url = URL.canParse(source.url) ? new URL(source.url) : undefined;
  const remedy = 'use a URL such as https://example.com/group/repository.git';
  if (url === undefined) throw new SourceError('GitUrlRefused', 'the git URL is not a URL', remedy);
  const protocol = url.protocol.slice(0, -1);
  const allowed = ['https', ...source.protocols];
  if (!allowed.includes(protocol))
    throw new SourceError('GitUrlRefused', `git over ${protocol} is not allowed here`, remedy);
  const user = protocol === 'ssh' ? /^[\w-]*$/.test(url.username) : url.username === '';
  if (!user || url.password !== '')
    throw new SourceError(
      'GitUrlRefused',
      'the git URL holds credentials',
      'put them into a Secret and name it in secretRef',
    );
  if (url.search !== '' || url.hash !== '')
    throw new SourceError('GitUrlRefused', 'the git URL has a query or a fragment', remedy);
  if (protocol !== 'file' && !/^[A-Za-z0-9.[\]:-]+$/.test(url.host))
    throw new SourceError('GitUrlRefused', 'the git URL has no plain host', remedy);
  if (url.hostname.startsWith('-')) throw new SourceError('GitUrlRefused', 'the host begins with a dash', remedy);
  return url;
}

function checkedRef(ref = 'HEAD'): string {
  const plain =
    /^[A-Za-z0-9_][\w./+@-]*$/.test(ref) && !/\.\.|@\{|\/\/|\.lock(?:\/|$)|[./]$/.test(ref) && ref.length <= 250;
  if (!plain)
    throw new SourceError(
      'GitRefNotFound',
      'the ref is not the name of a branch, a tag or a full commit id',
      'correct source.git.ref',
    );
  return ref;
}

interface Fetch {
  readonly source: GitSource;
  readonly url: URL;
  readonly route: GitRoute;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

async function gitIn({ source, url, route, scratch, signal }: Fetch): Promise<Git> {
  const home = join(scratch, 'home');
  const repository = join(scratch, 'repository');
  await mkdir(home, { recursive: true });
  await mkdir(repository, { recursive: true });
  const env = {
    ...inherited(),
    ...(route.kind === 'proxy' && { http_proxy: route.url, https_proxy: route.url }),
    ...(await credentials(source, url, route, home)),
    HOME: home,
    GIT_DIR: repository,
  };
  const settings = settingsOf(source, url, route);
  return (args, options = {}) => run({ argv: [...settings, ...args], cwd: repository, env, signal, ...options });
}

function settingsOf(source: GitSource, url: URL, route: GitRoute): string[] {
  const allowed = ['https', ...source.protocols].map(protocol => `protocol.${protocol}.allow=always`);
  const settings = [
    'protocol.allow=never',
    ...allowed,
    'core.hooksPath=/dev/null',
    'credential.helper=',
    'fetch.fsckObjects=true',
    'gc.auto=0',
    'transfer.credentialsInUrl=die',
    // A redirect could lead anywhere: git-redirect.ts looks at where.
    'http.followRedirects=false',
  ];
  if (route.kind === 'direct' && route.addresses.length > 0) {
    const port = url.port || (url.protocol === 'https:' ? 443 : 80);
    settings.push(`http.curloptResolve=${url.hostname}:${port}:${route.addresses.map(bracketed).join(',')}`);
  }
  // For this host only.
  if (source.credentialsDir !== undefined && url.protocol !== 'ssh:')
    settings.push(`credential.${url.protocol}//${url.host}.helper=${helper}`);
  return settings.flatMap(setting => ['-c', setting]);
}

function inherited(): Record<string, string> {
  // Proxies are not among them: the route says whether there is one.
  const names = ['PATH', 'GIT_SSL_CAINFO', 'SSL_CERT_FILE'];
  const values = names.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const fixed = {
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
  };
  return { ...Object.fromEntries(values), ...fixed, GIT_NO_LAZY_FETCH: '1', GIT_NO_REPLACE_OBJECTS: '1' };
}

async function credentials(
  source: GitSource,
  url: URL,
  route: GitRoute,
  home: string,
): Promise<Record<string, string>> {
  if (url.protocol !== 'ssh:')
    return source.credentialsDir === undefined ? {} : { VIBED_GIT_CREDENTIALS: source.credentialsDir };
  const pinned = pinnedHost(url, route);
  // Without a known_hosts no server is known, and ssh says so.
  if (source.credentialsDir === undefined) return { GIT_SSH_COMMAND: sshCommand([...pinned, 'BatchMode=yes']) };
  // ssh refuses a key that others may read, and a mounted Secret is readable for its group.
  const key = join(home, 'key');
  await copyFile(join(source.credentialsDir, 'ssh-privatekey'), key);
  await using file = await open(key, 'r+');
  await file.chmod(0o600);
  const hosts = join(home, 'known_hosts');
  await copyFile(join(source.credentialsDir, 'known_hosts'), hosts);
  const options = [
    ...pinned,
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile="${hosts}"`,
    'ConnectTimeout=15',
  ];
  return { GIT_SSH_COMMAND: sshCommand(options, key) };
}

function sshCommand(options: readonly string[], key?: string): string {
  const identity = key === undefined ? '' : ` -i '${key}'`;
  return `ssh -F /dev/null${identity} ${options.map(option => `-o '${option}'`).join(' ')}`;
}

/** ssh connects to the address that was judged, and looks the server up in known_hosts by its name. */
function pinnedHost({ hostname, port }: URL, route: GitRoute): string[] {
  const [address] = route.kind === 'direct' ? route.addresses : [];
  if (address === undefined) return [];
  const known = port === '' || port === '22' ? hostname : `[${hostname}]:${port}`;
  return [`HostName=${address}`, `HostKeyAlias=${known}`];
}

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

interface GitRun {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly signal: AbortSignal;
  readonly input?: string;
  readonly toFile?: string;
}

async function run(request: GitRun): Promise<Buffer> {
  await using file = request.toFile === undefined ? undefined : await open(request.toFile, 'wx');
  const child = spawn('git', request.argv, {
    cwd: request.cwd,
    env: request.env,
    signal: request.signal,
    stdio: ['pipe', file?.fd ?? 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-8192);
  });
  // git may end before it has read everything; its exit code tells more than the broken pipe.
  child.stdin?.on('error', () => child.stdin?.destroy());
  child.stdin?.end(request.input ?? '');
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject).on('close', resolve);
  const code = await promise;
  if (code !== 0) throw gitFault(errors);
  return Buffer.concat(out);
}

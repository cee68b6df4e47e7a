/** Which repository a request to the sidecar touches, and whether this build may do that. Pure: the whole permission lies here. */

/** What this build may reach. */
export interface RegistryGrants {
  /** Repositories of this artifact's images: read and write. */
  readonly own: readonly string[];
  /** Repositories of this artifact's layer cache: read and write. */
  readonly cache: readonly string[];
  /** Hosts of base images: read only. */
  readonly bases: readonly string[];
  /** First part of the repositories of all artifacts. None of them is a base, whatever host serves it. */
  readonly private: string;
}

/** What to do with a request. `rest` is the path after the repository; `host` is the base registry, undefined for our own. */
export type RegistryRoute =
  | { readonly kind: 'ping' }
  | {
      readonly kind: 'forward';
      readonly host?: string;
      readonly repository: string;
      readonly rest: string;
      readonly query: string;
    }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string; readonly query: string }
  | { readonly kind: 'refused'; readonly message: string };

const name = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*';
const digest = '[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9A-Za-z=_-]+';
const reference = `(?:${digest}|[A-Za-z0-9_][A-Za-z0-9._-]{0,127})`;
const rest = `(?:manifests/${reference}|blobs/${digest}|blobs/uploads/|blobs/uploads|tags/list|referrers/${digest})`;
const repositoryPath = new RegExp(`^/v2/(${name})/(${rest})$`);
const mirrorPath = new RegExp(`^/v2/mirror/([a-z0-9.-]+(?::\\d{1,5})?)/(${name})/(${rest})$`);
const uploadPath = new RegExp(`^/v2/(${name})/blobs/uploads/([0-9a-f-]{36})$`);
const writing: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Decides from the raw request target: nothing is decoded, so nothing can mean something else after decoding. */
export function registryRoute(method: string, target: string, grants: RegistryGrants): RegistryRoute {
  const [path = '', query = ''] = splitOnce(target);
  if (path === '/v2/' || path === '/v2') return { kind: 'ping' };
  if (!/^[\w./:+=@-]+$/.test(path) || path.includes('..'))
    return refused('this path is not one of the registry protocol');
  if (!writing.has(method) && method !== 'GET' && method !== 'HEAD') return refused(`${method} is not allowed`);
  const mirror = mirrorPath.exec(path);
  if (mirror !== null) return mirrorRoute(method, mirror, grants);
  const upload = uploadPath.exec(path);
  const [, repository = '', what = ''] = upload ?? repositoryPath.exec(path) ?? [];
  if (repository === '') return refused('this path is not one of the registry protocol');
  const allowed = [...grants.own, ...grants.cache];
  if (!allowed.includes(repository))
    return refused(`this build may not use the repository ${repository}, only ${allowed.join(', ')}`);
  if (upload !== null) return { kind: 'upload', repository, id: what, query: onlyOf(query, ['digest']) };
  if (method === 'DELETE') return refused(`this build may not delete from ${repository}`);
  return { kind: 'forward', repository, rest: what, query: startQuery(query, allowed) };
}

function mirrorRoute(method: string, match: RegExpExecArray, grants: RegistryGrants): RegistryRoute {
  const [, host = '', repository = '', what = ''] = match;
  if (!grants.bases.includes(host)) return refused(`base images from ${host} are not configured`);
  if (writing.has(method)) return refused(`base images are read only: ${host}/${repository}`);
  // The registry may serve bases too, and under more names than we know; the route to what is ours is not this one.
  if (`${repository}/`.startsWith(`${grants.private}/`))
    return refused(`${host}/${repository} is not a base image: repositories below ${grants.private}/ hold apps`);
  return { kind: 'forward', host, repository, rest: what, query: '' };
}

/** The query of a new upload. A mount from a repository that is not ours becomes an ordinary upload, which the protocol provides for. */
function startQuery(query: string, allowed: readonly string[]): string {
  const from = new URLSearchParams(query).get('from');
  const mounts = from !== null && allowed.includes(from);
  return onlyOf(query, mounts ? ['mount', 'from', 'n', 'last', 'digest'] : ['n', 'last', 'digest']);
}

/** Each of the parameters once: which of two a registry would take is not for us to guess. */
function onlyOf(query: string, names: readonly string[]): string {
  const given = new URLSearchParams(query);
  const kept = names.flatMap(key => (given.has(key) ? [[key, given.get(key) ?? ''] as [string, string]] : []));
  return new URLSearchParams(kept).toString();
}

function splitOnce(target: string): [string, string] {
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

function refused(message: string): RegistryRoute {
  return { kind: 'refused', message };
}

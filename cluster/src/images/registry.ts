// A registry as this machine reaches it. It is logged in to the way it asks for: not at all, by user and password, or by a
// token that these buy.

export interface Registry {
  /** `http://…` or `https://…`, without a path. */
  readonly url: string;
  /** Like fetch, for a path of this registry. A body must be one that can be sent twice. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

/** `login` is the `auth` of a docker config.json: base64 of `user:password`. */
export function registryAt(url: string, login?: string): Registry {
  const origin = new URL(url).origin;
  let authorization: string | undefined;
  const send = (path: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    if (authorization !== undefined) headers.set('authorization', authorization);
    return fetch(new URL(path, origin), { ...init, headers });
  };
  return {
    url: origin,
    fetch: async (path, init = {}) => {
      const answer = await send(path, init);
      if (answer.status !== 401) return answer;
      const found = await authorizationFor(answer.headers.get('www-authenticate') ?? '', login);
      if (found === undefined) return answer;
      await answer.body?.cancel();
      authorization = found;
      return send(path, init);
    },
  };
}

/** The header that answers a challenge; undefined when there is nothing to answer it with. */
async function authorizationFor(challenge: string, login: string | undefined): Promise<string | undefined> {
  const basic = login === undefined ? undefined : `Basic ${login}`;
  const { scheme, realm, service, scope } = challengeIn(challenge);
  if (scheme !== 'bearer' || realm === undefined) return basic;
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  if (scope !== undefined) url.searchParams.set('scope', scope);
  const answer = await fetch(url, basic === undefined ? {} : { headers: { authorization: basic } });
  if (!answer.ok) return undefined;
  const { token, access_token: other } = (await answer.json()) as { token?: string; access_token?: string };
  return `Bearer ${token ?? other}`;
}

interface Challenge {
  readonly scheme: string;
  readonly realm?: string;
  readonly service?: string;
  readonly scope?: string;
}

/** The parts of a WWW-Authenticate header. */
export function challengeIn(header: string): Challenge {
  const [scheme = ''] = header.split(' ');
  const parts = [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]);
  return { ...Object.fromEntries(parts), scheme: scheme.toLowerCase() };
}

/** The login for a registry in a docker config.json. */
export function loginIn(dockerConfig: string, host: string): string | undefined {
  const { auths = {} } = JSON.parse(dockerConfig) as { auths?: Record<string, { auth?: string }> };
  const keys = [host, `https://${host}`, ...(host === 'registry-1.docker.io' ? ['https://index.docker.io/v1/'] : [])];
  return keys.map(key => auths[key]?.auth).find(auth => auth !== undefined && auth !== '');
}

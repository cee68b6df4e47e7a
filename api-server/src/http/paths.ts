// A path of the server with all its methods: every other method is refused with the list of those.
import type { Express, RequestHandler } from 'express';
import { Problem } from '../problems.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** `streams` is for a GET that ends with its reader: the answer to a HEAD would never end. */
export function servePath(
  app: Express,
  path: string,
  handlers: Partial<Record<Method, RequestHandler>>,
  { streams = false } = {},
): void {
  const methods = Object.keys(handlers).map(method => method.toUpperCase());
  const allow = ['OPTIONS', ...methods, ...(methods.includes('GET') && !streams ? ['HEAD'] : [])].sort();
  const refuse: RequestHandler = request => {
    throw new Problem('MethodNotAllowed', `${request.method} is not served at this path`, {
      allow,
      hint: `use ${methods.join(' or ')}; see /api/openapi.json`,
    });
  };
  // Express would give a HEAD to the handler of GET.
  if (streams) app.head(path, refuse);
  for (const [method, handler] of Object.entries(handlers)) app[method as Method](path, handler);
  app.options(path, (_request, response) => void response.status(204).set('allow', allow.join(', ')).end());
  app.all(path, refuse);
}

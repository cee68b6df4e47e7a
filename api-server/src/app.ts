// The HTTP face: health, the two doors, uploads and the event stream, behind one gate (host and origin, then who asks), and one
// edge where every failure becomes problem+json.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { z } from 'zod';
import { type Context, contextFor, perform, type Services } from './actions/action.ts';
import { followLog } from './actions/follow.ts';
import { checkDepth, invalidInput } from './actions/input.ts';
import { specOfVersion, treeOf } from './actions/trees.ts';
import { receiveArchive } from './actions/uploads.ts';
import type { Caller } from './auth/caller.ts';
import type { KeyRing } from './auth/keys.ts';
import { checkOrigin, type OriginRules } from './auth/origin.ts';
import { addCli, installLine } from './http/cli.ts';
import { inputOf } from './http/input.ts';
import { docsPage, openApi } from './http/openapi.ts';
import { routes } from './http/routes.ts';
import { mcpHandler } from './mcp/server.ts';
import { Problem, problemJson, problemOf } from './problems.ts';
import { packTree, readBounded } from './storage/archive.ts';
import { namespaceOf } from './tenancy.ts';

export interface AppOptions {
  readonly services: Services;
  readonly origins: OriginRules;
  /** Undefined where the process binds loopback and asks nobody who they are. */
  readonly keys: KeyRing | undefined;
  readonly isReady: () => boolean;
}

/** Of JSON bodies; larger trees come as archives. */
export const jsonLimitBytes = 4 * 1024 * 1024;

const anonymous: Caller = { user: 'local', scope: 'admin' };

export function makeApp(options: AppOptions): Express {
  const { services, origins, isReady } = options;
  const app = express().disable('x-powered-by').set('query parser', 'simple');
  addHealth(app, isReady);
  app.use((request, response, next) => {
    checkOrigin(origins, request.headers.host, request.headers.origin);
    response.set({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    next();
  });
  addCli(app);
  addDocs(app, services);
  app.put('/api/uploads/:ticket', takeUpload(options));
  app.get('/api/events', streamEvents(options));
  app.use(express.json({ limit: jsonLimitBytes, type: ['application/json', 'application/*+json'] }));
  app.post('/api/events/ticket', async (request, response) => {
    const { user } = await callerOf(request, options);
    const { ticket, expires } = services.uploads.offerEvents(user);
    response.json({ ticket, expires_at: expires.toISOString() });
  });
  addMcp(app, options);
  addRoutes(app, options);
  app.get('/api/artifacts/:name/logs/follow', followLogs(options));
  app.get('/api/artifacts/:name/source.tar.gz', downloadSource(options));
  app.use((request, _response, next) =>
    next(
      new Problem('NotFound', `there is no ${request.method} ${request.path.slice(0, 100)}`, {
        hint: 'see /api/openapi.json',
      }),
    ),
  );
  app.use(edge(services));
  return app;
}

function addHealth(app: Express, isReady: () => boolean): void {
  app.get('/healthz', (_request, response) => void response.type('text').send('ok\n'));
  app.get('/readyz', (_request, response) => {
    response
      .status(isReady() ? 200 : 503)
      .type('text')
      .send(isReady() ? 'ok\n' : 'waiting for the first lists\n');
  });
}

/** Open to everybody: there is nothing in it of anybody. */
function addDocs(app: Express, { settings }: Services): void {
  const document = openApi(settings.api.publicUrl);
  const page = docsPage(document, installLine(settings.api.publicUrl));
  app.get('/api/openapi.json', (_request, response) => void response.json(document));
  app.get('/api/docs', (_request, response) => {
    response.set('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'").type('html').send(page);
  });
}

/** What an action would be given, for the few routes that are none. */
async function contextOf(request: Request, response: Response, options: AppOptions): Promise<Context> {
  const caller = await callerOf(request, options);
  options.services.limits.read.take(caller.user);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return contextFor({ caller, door: 'rest', signal: gone.signal }, options.services);
}

function queryOf<T extends z.ZodObject>(query: unknown, schema: T): z.output<T> {
  const parsed = schema.safeParse(query);
  if (!parsed.success) throw invalidInput(parsed.error, schema);
  return parsed.data;
}

function followLogs(options: AppOptions): RequestHandler<{ name: string }> {
  return async (request, response) => {
    const context = await contextOf(request as unknown as Request, response, options);
    const { kind } = queryOf(request.query, z.strictObject({ kind: z.enum(['build', 'app']).optional() }));
    await options.services.following.pass(context.owner, async () => {
      const lines = await followLog(request.params.name, kind, context);
      // A quiet app may say nothing for hours; that it is followed is told at once.
      response.type('text/plain').set('x-accel-buffering', 'no').flushHeaders();
      await pipeline(Readable.from(lines), response).catch((error: unknown) => {
        if (!context.signal.aborted) options.services.log.debug('a followed log broke off', { error });
      });
    });
  };
}

function downloadSource(options: AppOptions): RequestHandler<{ name: string }> {
  return async (request, response) => {
    const context = await contextOf(request as unknown as Request, response, options);
    const { version } = queryOf(request.query, z.strictObject({ version: z.coerce.number().int().min(1).optional() }));
    const files = await treeOf(await specOfVersion(request.params.name, version, context), context);
    response.type('application/gzip').send(await packTree(files));
  };
}

function addMcp(app: Express, options: AppOptions): void {
  const serve = mcpHandler(options.services);
  app.post('/mcp', async (request, response) => {
    const caller = await callerOf(request, options);
    checkDepth(request.body);
    await serve(request, response, caller);
  });
  app.all(
    '/mcp',
    (_request, response) =>
      void response
        .set('allow', 'POST')
        .status(405)
        .json({
          jsonrpc: '2.0',
          error: { code: -32000, message: 'Method not allowed: there are no sessions here.' },
          id: null,
        }),
  );
}

function addRoutes(app: Express, options: AppOptions): void {
  const { services } = options;
  for (const { method, path, action } of routes)
    app[method](path, async (request: Request, response: Response) => {
      const caller = await callerOf(request, options);
      const input = await inputOf(request, action, { services, owner: namespaceOf(caller.user) });
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const call = { caller, door: 'rest', client: request.get('user-agent'), signal: gone.signal } as const;
      response.json(await perform(action, input, call, services));
    });
}

/** The URL is the permission; a key beside it must be its owner's. */
function takeUpload(options: AppOptions): RequestHandler<{ ticket: string }> {
  const { services } = options;
  return async (request, response) => {
    const received = await services.uploads.redeem(request.params.ticket, async user => {
      if (
        request.headers.authorization !== undefined &&
        (await callerOf(request as unknown as Request, options)).user !== user
      )
        throw new Problem('UploadSpent', 'this URL cannot be used: it was made for somebody else', {
          hint: 'ask for a URL of your own',
        });
      const owner = namespaceOf(user);
      const store = async () => await receiveArchive(await readBounded(request), { services, owner });
      const stored = await services.unpacking.pass(owner, store);
      services.log.info('audit', { action: 'upload', user, door: 'rest', source: stored.source_ref });
      return stored;
    });
    const next = [{ tool: 'deploy_artifact', args: { source_ref: received.source_ref }, why: 'deploys it' }];
    response.status(201).json({ ...received, next });
  };
}

function streamEvents(options: AppOptions): RequestHandler {
  const { services } = options;
  return async (request, response) => {
    const { ticket } = request.query;
    const user =
      typeof ticket === 'string' ? services.uploads.eventsUser(ticket) : (await callerOf(request, options)).user;
    services.feed.serve(namespaceOf(user), response);
  };
}

async function callerOf(request: Request, { keys }: AppOptions): Promise<Caller> {
  if (keys === undefined) return anonymous;
  const [, key] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const caller = key === undefined ? undefined : await keys.callerOf(key);
  if (caller !== undefined) return caller;
  throw new Problem(
    'Unauthorized',
    key === undefined ? 'there is no API key in this request' : 'this API key is not known here',
  );
}

function edge({ log }: Services): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const problem = problemOf(error);
    if (problem.code === 'Internal')
      log.error('a request failed', { method: request.method, path: request.path, error });
    if (response.headersSent) return void response.destroy();
    const { retryAfterSeconds } = problem.details;
    if (retryAfterSeconds !== undefined) response.set('retry-after', String(retryAfterSeconds));
    if (problem.code === 'Unauthorized') response.set('www-authenticate', 'Bearer');
    response.status(problem.status).set('content-type', 'application/problem+json; charset=utf-8');
    const text = JSON.stringify(problemJson(problem));
    if (request.complete) response.send(text);
    else answerEarly(request, response, text);
  };
}

const lingerMs = 1_000;

/**
 * An answer to a body that is refused does not wait for the rest of it. But a connection that is closed with bytes unread loses
 * its answer too, so they are read, and forgotten, for a moment.
 */
function answerEarly(request: Request, response: Response, text: string): void {
  response.set({ connection: 'close', 'content-length': String(Buffer.byteLength(text)) }).write(text);
  const end = () => response.end();
  const limit = setTimeout(end, lingerMs);
  request.once('close', () => clearTimeout(limit)).once('end', end);
  request.resume();
}

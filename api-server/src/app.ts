// The HTTP face: health, the two doors, uploads and the event stream. Every request takes the same way: host and origin, then
// who sends it (from the headers alone), then scope and rate, then the declared size, and only then its body is read. One edge
// turns every failure into problem+json.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { type Action, admit, type Context, contextFor, perform, type Services } from './actions/action.ts';
import { followLog } from './actions/follow.ts';
import { invalidInput } from './actions/input.ts';
import { archiveOf, specOfVersion } from './actions/trees.ts';
import { receiveArchive } from './actions/uploads.ts';
import type { Caller } from './auth/caller.ts';
import { Callers, type CallersOptions } from './auth/callers.ts';
import { checkOrigin, type OriginRules } from './auth/origin.ts';
import { addCli, installLine } from './http/cli.ts';
import { bodyKindOf, unreadType } from './http/content-type.ts';
import { docsPage } from './http/docs-page.ts';
import { answerProblem, heedErrors } from './http/edge.ts';
import { inputOf, sentArchive } from './http/input.ts';
import { readJson } from './http/json.ts';
import { openApi } from './http/openapi.ts';
import { type Method, servePath } from './http/paths.ts';
import { type Route, routes } from './http/routes.ts';
import { mcpHandler } from './mcp/server.ts';
import { Problem } from './problems.ts';
import { namespaceOf } from './tenancy.ts';
import { refusedTicket } from './uploads.ts';

export interface AppOptions {
  readonly services: Services;
  readonly origins: OriginRules;
  /** Undefined where the process binds loopback and nobody needs a key. */
  readonly keys: CallersOptions['keys'];
  readonly isReady: () => boolean;
}

/** What the handlers share. */
interface Doors {
  readonly services: Services;
  readonly callers: Callers;
}

export function makeApp({ services, origins, keys, isReady }: AppOptions): Express {
  const { limits, log } = services;
  const doors: Doors = { services, callers: new Callers({ keys, strangers: limits.stranger, log }) };
  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use((request, response, next) => {
    heedErrors(request, response, log);
    next();
  });
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
  servePath(app, '/mcp', { post: serveMcp(doors) });
  servePath(app, '/api/uploads/:ticket', { put: takeUpload(doors) });
  servePath(app, '/api/events/ticket', { post: offerEvents(doors) });
  servePath(app, '/api/events', { get: streamEvents(doors) }, { streams: true });
  servePath(app, '/api/artifacts/:name/logs/follow', { get: followLogs(doors) }, { streams: true });
  servePath(app, '/api/artifacts/:name/source.tar.gz', { get: downloadSource(doors) });
  for (const [path, handlers] of actionPaths(doors)) servePath(app, path, handlers);
  app.use(request => {
    throw new Problem('NotFound', `there is no ${request.method} ${request.path.slice(0, 100)}`, {
      hint: 'see /api/openapi.json',
    });
  });
  app.use(answerProblem(log));
  return app;
}

function addHealth(app: Express, isReady: () => boolean): void {
  servePath(app, '/healthz', { get: (_request, response) => void response.type('text').send('ok\n') });
  servePath(app, '/readyz', {
    get: (_request, response) =>
      void response
        .status(isReady() ? 200 : 503)
        .type('text')
        .send(isReady() ? 'ok\n' : 'waiting for the first lists\n'),
  });
}

/** Open to everybody: there is nothing in it of anybody. Written once: an answer to a stranger must cost nothing. */
function addDocs(app: Express, { settings }: Services): void {
  const document = openApi(settings.api.publicUrl);
  const json = Buffer.from(JSON.stringify(document));
  const page = Buffer.from(docsPage(document, installLine(settings.api.publicUrl)));
  servePath(app, '/api/openapi.json', { get: (_request, response) => void response.type('json').send(json) });
  servePath(app, '/api/docs', {
    get: (_request, response) =>
      void response
        .set('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
        .type('html')
        .send(page),
  });
}

/** Aborts when the connection of the request is gone, or its answer complete. */
function goneOf(response: Response): AbortSignal {
  const gone = new AbortController();
  // A response that was closed meanwhile emits nothing any more.
  if (response.closed) gone.abort();
  else response.once('close', () => gone.abort());
  return gone.signal;
}

/** The context of an action, for the routes that stream and therefore are none. The signal ends with the key. */
async function admitted(
  request: Request,
  response: Response,
  action: Pick<Action, 'name' | 'scope'>,
  { services, callers }: Doors,
): Promise<Context> {
  const caller = await callers.of(request);
  admit(action, caller, services);
  const signal = callers.whileMay(caller, action.scope, goneOf(response));
  return contextFor({ caller, door: 'rest', signal }, services);
}

function queryOf<T extends z.ZodObject>(query: unknown, schema: T): z.output<T> {
  const parsed = schema.safeParse(query);
  if (!parsed.success) throw invalidInput(parsed.error, schema);
  return parsed.data;
}

function followLogs(doors: Doors): RequestHandler {
  const { following, log } = doors.services;
  return async (request, response) => {
    const context = await admitted(request, response, { name: 'follow_logs', scope: 'read' }, doors);
    const { owner, signal } = context;
    const { kind } = queryOf(request.query, z.strictObject({ kind: z.enum(['build', 'app']).optional() }));
    await following.pass(owner, async () => {
      const lines = await followLog(String(request.params.name), kind, context);
      // A quiet app may say nothing for hours; the headers say at once that it is followed.
      response.setTimeout(0);
      response.type('text/plain').set('x-accel-buffering', 'no').flushHeaders();
      await pipeline(Readable.from(lines), response, { signal }).catch((error: unknown) => {
        if (!signal.aborted) log.debug('a followed log broke off', { error });
      });
    });
  };
}

function downloadSource(doors: Doors): RequestHandler {
  return async (request, response) => {
    const context = await admitted(request, response, { name: 'download_source', scope: 'read' }, doors);
    const { version } = queryOf(request.query, z.strictObject({ version: z.coerce.number().int().min(1).optional() }));
    const { lines, log } = doors.services;
    const send = async () => {
      const archive = await archiveOf(await specOfVersion(String(request.params.name), version, context), context);
      await pipeline(archive, response.type('application/gzip')).catch((error: unknown) => {
        if (!context.signal.aborted) log.debug('a download broke off', { error });
      });
    };
    await lines.downloads.pass(context.owner, send, context.signal);
  };
}

/** Which action a message calls, and so its scope, is in its body: perform() judges that when the body was read. */
function serveMcp({ services, callers }: Doors): RequestHandler {
  const serve = mcpHandler(services);
  return async (request, response) => {
    const caller = await callers.of(request);
    services.limits.message.take(caller.user);
    if (bodyKindOf(request)?.is !== 'json') throw unreadType(['application/json']);
    const read = () => readJson(request);
    request.body = await services.reading.pass(namespaceOf(caller.user), read, goneOf(response));
    await serve(request, response, caller);
  };
}

/** The handlers of the actions, by path. */
function actionPaths(doors: Doors): Map<string, Partial<Record<Method, RequestHandler>>> {
  const paths = new Map<string, Partial<Record<Method, RequestHandler>>>();
  for (const route of routes)
    paths.set(route.path, { ...paths.get(route.path), [route.method]: actionHandler(route, doors) });
  return paths;
}

function actionHandler({ action }: Route, { services, callers }: Doors): RequestHandler {
  return async (request, response) => {
    const caller = await callers.of(request);
    const signal = goneOf(response);
    const call = { caller, door: 'rest', client: request.get('user-agent'), signal } as const;
    const input = () => inputOf(request, action, { services, owner: namespaceOf(caller.user), signal });
    response.json(await perform(action, input, call, services));
  };
}

/** The URL is the permission; a key beside it must be its owner's. */
function takeUpload({ services, callers }: Doors): RequestHandler {
  return async (request, response) => {
    const received = await services.uploads.redeem(String(request.params.ticket), async holder => {
      const { authorization } = request.headers;
      if (authorization !== undefined && (await callers.of(request)).user !== holder.user)
        throw refusedTicket('upload', 'it was made for somebody else');
      const caller = await callers.now(holder);
      if (caller === undefined) throw refusedTicket('upload', 'the API key that it was made with is gone');
      admit({ name: 'upload', scope: 'write' }, caller, services);
      const owner = namespaceOf(caller.user);
      const store = async () => await receiveArchive(await sentArchive(request), { services, owner });
      const stored = await services.unpacking.pass(owner, store, goneOf(response));
      services.log.info('audit', { action: 'upload', user: caller.user, door: 'rest', source: stored.source_ref });
      return stored;
    });
    const next = [{ tool: 'deploy_artifact', args: { source_ref: received.source_ref }, why: 'deploys it' }];
    response.status(201).json({ ...received, next });
  };
}

function offerEvents({ services, callers }: Doors): RequestHandler {
  return async (request, response) => {
    const caller = await callers.of(request);
    admit(watching, caller, services);
    const { ticket, expires } = services.uploads.offerEvents(caller);
    response.json({ ticket, expires_at: expires.toISOString() });
  };
}

const watching = { name: 'events', scope: 'read' } as const;

function streamEvents({ services, callers }: Doors): RequestHandler {
  return async (request, response) => {
    const { ticket } = request.query;
    const caller = typeof ticket === 'string' ? await holderNow(ticket) : await callers.of(request);
    admit(watching, caller, services);
    const signal = callers.whileMay(caller, 'read', goneOf(response));
    // An empty snapshot would say that every artifact is gone.
    if (!services.view.synced) await services.view.whenSynced(signal);
    services.feed.serve(namespaceOf(caller.user), response, signal);
  };

  async function holderNow(ticket: string): Promise<Caller> {
    const caller = await callers.now(services.uploads.eventsHolder(ticket));
    if (caller === undefined) throw refusedTicket('events', 'the API key that it was made with is gone');
    return caller;
  }
}

// Where every failure becomes problem+json.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '@vibed/store/kube';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { problemJson, problemOf } from '../problems.ts';

/**
 * To be called for every request. A request or response whose connection breaks, or that is written to after its end, emits an
 * error; without a listener it would end the process. Whoever reads or writes the stream learns of it as well.
 */
export function heedErrors(request: IncomingMessage, response: ServerResponse, log: Log): void {
  const heed = (error: unknown) => log.debug('a connection broke', { method: request.method, error });
  request.on('error', heed);
  response.on('error', heed);
}

/** The last handler: whatever failed. */
export function answerProblem(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const problem = problemOf(error);
    if (problem.code === 'Internal' && !isCutShort(error, response))
      // The path of the route, and not of the request: that may hold a ticket.
      log.error('a request failed', { method: request.method, path: request.route?.path, error });
    if (response.headersSent || response.destroyed) return void response.destroy();
    const { retryAfterSeconds, allow } = problem.details;
    if (retryAfterSeconds !== undefined) response.set('retry-after', String(retryAfterSeconds));
    if (allow !== undefined) response.set('allow', allow.join(', '));
    if (problem.status === 401) response.set('www-authenticate', 'Bearer');
    response.status(problem.status).set('content-type', 'application/problem+json; charset=utf-8');
    const text = JSON.stringify(problemJson(problem));
    if (request.complete) response.send(text);
    else answerEarly(request, response, text);
  };
}

/** Work that ended because its client is gone. */
const isCutShort = (error: unknown, { closed }: Response) =>
  closed && error instanceof Error && error.name === 'AbortError';

const lingerMs = 1_000;

/**
 * An answer to a body that is refused does not wait for the rest of it. But a connection that is closed with bytes unread loses
 * its answer too, so they are read, and forgotten, for a moment.
 */
function answerEarly(request: Request, response: Response, text: string): void {
  response.set({ connection: 'close', 'content-length': String(Buffer.byteLength(text)) }).write(text);
  const end = () => void response.end();
  const limit = setTimeout(end, lingerMs);
  response.once('close', () => clearTimeout(limit));
  request.once('end', end);
  request.resume();
}

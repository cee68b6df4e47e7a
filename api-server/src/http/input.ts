// The input of an action, made from a REST request: path, query and body are one object, and files may also come as a form or
// as one archive.
import type { Request } from 'express';
import { z } from 'zod';
import type { Action, Services } from '../actions/action.ts';
import { storedTree } from '../actions/sources.ts';
import { Problem } from '../problems.ts';
import { readArchive } from '../storage/archive.ts';
import { sourceLimits } from '../storage/tree.ts';
import { chunksOf, collected } from './body.ts';
import { archiveTypes, bodyKindOf, unreadType } from './content-type.ts';
import { fieldValue, formLimitBytes, readForm } from './form.ts';
import { readJson } from './json.ts';

export interface Owner {
  readonly services: Services;
  /** As namespaceOf returns it. */
  readonly owner: string;
  /** Aborts when the sender is gone. */
  readonly signal: AbortSignal;
}

/** The raw input of an action. Files are stored on the way and become a source_ref. */
export async function inputOf(request: Request, action: Action, owner: Owner): Promise<Record<string, unknown>> {
  const query = queryOf(request, action);
  const body = await bodyOf(request, action, owner);
  return { ...query, ...body, ...request.params };
}

async function bodyOf(request: Request, action: Action, owner: Owner): Promise<Record<string, unknown>> {
  if (request.method === 'GET' || request.method === 'HEAD' || !hasBody(request)) return {};
  const kind = bodyKindOf(request);
  const takesFiles = 'files' in action.input.shape;
  const { services, signal } = owner;
  if (kind?.is === 'json') return objectIn(await services.reading.pass(owner.owner, () => readJson(request), signal));
  if (takesFiles && kind?.is === 'form')
    return await services.unpacking.pass(owner.owner, () => storedForm(request, kind.boundary, owner), signal);
  if (takesFiles && kind?.is === 'archive')
    return await services.unpacking.pass(owner.owner, () => storedArchive(request, owner), signal);
  throw unreadType(['application/json', ...(takesFiles ? ['multipart/form-data', ...archiveTypes] : [])]);
}

async function storedForm(request: Request, boundary: string, owner: Owner): Promise<Record<string, unknown>> {
  if (request.headers['content-encoding'] !== undefined)
    throw new Problem('UnsupportedMediaType', 'a form with a Content-Encoding is not read here', {
      hint: 'send the form without Content-Encoding, or the folder as a tar.gz',
    });
  const { fields, files } = await readForm(chunksOf(request, formLimitBytes), boundary);
  if (files === undefined) return fields;
  const { ref } = await storedTree(files.finish(), owner);
  return { ...fields, source_ref: ref };
}

async function storedArchive(request: Request, owner: Owner): Promise<Record<string, unknown>> {
  const { ref } = await storedTree(await readArchive(await sentArchive(request)), owner);
  return { source_ref: ref };
}

/** The bytes of an archive, as they were sent: an archive is recognized by its first bytes, whatever the headers say. */
export async function sentArchive(request: Request): Promise<Buffer> {
  return await collected(chunksOf(request, sourceLimits.archiveBytes), sourceLimits.archiveBytes);
}

const hasBody = ({ headers }: Request) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

function objectIn(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new Problem('InvalidInput', 'the body is not a JSON object', { hint: 'send one JSON object' });
}

/** Fields that hold secrets. */
export const neverInQuery: readonly string[] = ['env', 'set_env'];

/** Everything in a query is text; the schema says what is a number, a boolean or JSON. */
function queryOf(request: Request, { input }: Action): Record<string, unknown> {
  const secret = neverInQuery.find(name => name in request.query);
  if (secret !== undefined)
    throw new Problem('InvalidInput', `${secret} may not be in the query: URLs are logged on their way`, {
      field: secret,
      hint: `send ${secret} as JSON or as a field of a form`,
    });
  const { properties = {} } = z.toJSONSchema(input, { io: 'input' });
  const entries = Object.entries(request.query).map(([key, value]) => {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const type = typeof property === 'object' ? property.type : undefined;
    return [key, typeof value === 'string' && type !== 'string' ? fieldValue(value) : value];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

// What a REST request says, as the input of an action: path, query and body are one object, and files may also come as
// multipart or as one archive.
import type { IncomingMessage } from 'node:http';
import busboy from 'busboy';
import type { Request } from 'express';
import { z } from 'zod';
import type { Action, Services } from '../actions/action.ts';
import { storedTree } from '../actions/sources.ts';
import { Problem } from '../problems.ts';
import { readArchive, readBounded } from '../storage/archive.ts';
import { shown, sourceLimits, TreeCollector } from '../storage/tree.ts';

export const archiveTypes = [
  'application/gzip',
  'application/x-gzip',
  'application/x-tar',
  'application/zip',
  'application/octet-stream',
];

export interface Owner {
  readonly services: Services;
  /** As namespaceOf has them. */
  readonly owner: string;
}

/** The raw input of an action. Files are stored on the way and become a source_ref. */
export async function inputOf(request: Request, action: Action, owner: Owner): Promise<Record<string, unknown>> {
  const body = await bodyOf(request, action, owner);
  return { ...queryOf(request, action), ...body, ...request.params };
}

async function bodyOf(request: Request, action: Action, owner: Owner): Promise<Record<string, unknown>> {
  if (request.method === 'GET' || !hasBody(request)) return {};
  if (request.is('application/json') !== false) return objectIn(request.body);
  const takesFiles = 'files' in action.input.shape;
  if (takesFiles && request.is('multipart/form-data') !== false)
    return await owner.services.unpacking.pass(owner.owner, () => multipart(request, owner));
  if (takesFiles && request.is(archiveTypes) !== false) {
    const store = async () => await storedTree(await readArchive(await readBounded(request)), owner);
    return { source_ref: (await owner.services.unpacking.pass(owner.owner, store)).ref };
  }
  const types = ['application/json', ...(takesFiles ? ['multipart/form-data', ...archiveTypes] : [])];
  throw new Problem('UnsupportedMediaType', 'this content type is not read here', {
    hint: `send ${types.join(' or ')}`,
  });
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

function objectIn(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new Problem('InvalidInput', 'the body is not a JSON object', { hint: 'send one JSON object' });
}

/** Numbers and booleans are text in a query; the schema says which. */
function queryOf(request: Request, { input }: Action): Record<string, unknown> {
  const { properties = {} } = z.toJSONSchema(input, { io: 'input' });
  const entries = Object.entries(request.query).map(([key, value]) => {
    const property = properties[key];
    const type = typeof property === 'object' ? property.type : undefined;
    return [key, typeof value === 'string' ? typed(value, String(type)) : value];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function typed(text: string, type: string): unknown {
  if ((type === 'integer' || type === 'number') && /^-?[0-9]{1,15}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** Fields hold JSON where they are no plain text; each file part is a file of the tree, its file name the path. */
async function multipart(request: Request, owner: Owner): Promise<Record<string, unknown>> {
  const collector = new TreeCollector();
  // Without a prototype: a field called __proto__ is one like any other, and refused like any other.
  const fields: Record<string, unknown> = Object.create(null);
  let total = 0;
  let files = 0;
  const parser = busboy({
    headers: request.headers,
    preservePath: true,
    // One more than may be, so that the collector sees it and refuses.
    limits: { fields: maxFields, fieldSize: fieldBytes, files: sourceLimits.files + 1 },
  });
  const pending: Promise<void>[] = [];
  parser.on('field', (name, value, { valueTruncated }) => {
    if (valueTruncated) parser.destroy(tooMuch(`${shown(name)} has more than ${fieldBytes} bytes`));
    fields[name] = fieldValue(value);
  });
  parser.on('fieldsLimit', () => parser.destroy(tooMuch(`there are more than ${maxFields} fields`)));
  parser.on('file', (_name, stream, { filename }) => {
    files += 1;
    // It ends with the parser, whose error is told; heard by nobody it would end the process.
    stream.on('error', () => undefined);
    const read = async () => {
      const path = collector.begin(filename ?? '');
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        size += chunk.length;
        total += chunk.length;
        collector.count(path, chunk.length, size);
        chunks.push(chunk);
      }
      collector.end(path, Buffer.concat(chunks), false);
    };
    pending.push(read().catch(error => void parser.destroy(error as Error)));
  });
  await new Promise<void>((resolve, reject) => {
    parser.once('close', resolve);
    parser.once('error', error => reject(asProblem(error)));
    request.pipe(parser);
  });
  await Promise.all(pending);
  if (files === 0 || total === 0) return fields;
  const { ref } = await storedTree(collector.finish(), owner);
  return { ...fields, source_ref: ref };
}

const maxFields = 50;
const fieldBytes = 256 * 1024;
const tooMuch = (what: string) =>
  new Problem('InvalidInput', `form: ${what}`, { field: 'form', hint: 'send files as file parts' });

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem('InvalidInput', 'the multipart body cannot be read', {
    hint: 'send a whole multipart/form-data body',
    cause: error,
  });
}

/** `3`, `true` and `{"A":"b"}` are JSON; everything else is text. */
function fieldValue(text: string): unknown {
  if (!/^(\{.*\}|\[.*\]|-?[0-9]{1,15}|true|false)$/s.test(text.trim())) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // it only looked like JSON; the schema will say what was wanted
  }
}

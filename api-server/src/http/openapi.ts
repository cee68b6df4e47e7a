// The OpenAPI 3.1 document, made from the routes and the schemas of their actions, and a page that shows it without scripts.
import { z } from 'zod';
import { archiveTypes } from './content-type.ts';
import { type Route, routes } from './routes.ts';

type Json = Record<string, unknown>;

const problemSchema = {
  type: 'object',
  required: ['title', 'status', 'code', 'message', 'hint', 'next'],
  properties: {
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'Stable; switch on this.' },
    message: { type: 'string' },
    field: { type: 'string', description: 'The input field to blame.' },
    hint: { type: 'string', description: 'What to do about it.' },
    retry_after_s: { type: 'integer' },
    source_ref: { type: 'string', description: 'The files of the refused call are stored under it.' },
    next: { type: 'array', items: { type: 'object' } },
  },
};

const schemaOf = (schema: z.ZodObject): Json => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' });
  return json;
};

/** The document of this server; `serverUrl` is where people reach it. */
export function openApi(serverUrl: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'vibeD',
      version: '0.1.0',
      description: 'Turns the files of a small web app into a running, verified URL.',
    },
    servers: [{ url: serverUrl }],
    security: [{ key: [] }],
    paths: { ...paths, ...otherPaths },
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key.' } },
      schemas: { Problem: problemSchema },
    },
  };
}

const problemAnswer = {
  description: 'A problem (RFC 9457): what was wrong, where, and what to do.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

function operationOf({ method, path, action }: Route): Json {
  const { properties = {}, required = [] } = schemaOf(action.input) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  const inPath = [...path.matchAll(/:(\w+)/g)].map(match => match[1] ?? '');
  const others = Object.keys(properties).filter(name => !inPath.includes(name));
  const parameter = (name: string, where: 'path' | 'query') => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: properties[name],
  });
  const isRead = method === 'get';
  return {
    operationId: action.name,
    summary: action.title,
    description: `${action.description}\n\nNeeds a key with scope ${action.scope}.`,
    parameters: [
      ...inPath.map(name => parameter(name, 'path')),
      ...(isRead ? others.map(name => parameter(name, 'query')) : []),
    ],
    ...(!isRead && others.length > 0 && { requestBody: bodyOf(others, properties, required) }),
    responses: {
      200: {
        description: 'Done, or accepted: nothing waits for a build.',
        content: { 'application/json': { schema: schemaOf(action.output) } },
      },
      default: problemAnswer,
    },
  };
}

function bodyOf(names: readonly string[], properties: Record<string, Json>, required: readonly string[]): Json {
  const shape = (keys: readonly string[]) => ({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(keys.map(name => [name, properties[name]])),
    required: required.filter(name => keys.includes(name)),
  });
  const content: Record<string, Json> = { 'application/json': { schema: shape(names) } };
  if (names.includes('files')) {
    content['multipart/form-data'] = {
      schema: { type: 'object', description: 'Fields as in JSON; each file part is a file, its file name the path.' },
    };
    for (const type of archiveTypes.slice(0, 4))
      content[type] = {
        schema: { type: 'string', format: 'binary', description: 'The folder; the other fields go into the query.' },
      };
  }
  return { required: required.some(name => names.includes(name)), content };
}

const named = { name: 'name', in: 'path', required: true, schema: { type: 'string' } };
/** What streams or carries bytes and therefore is no action. */
const otherPaths = {
  '/api/uploads/{ticket}': {
    put: {
      operationId: 'upload',
      summary: 'Send a folder',
      description: 'A tar, tar.gz or zip, once, to the URL that create_upload gave. The URL is the permission.',
      security: [],
      parameters: [{ name: 'ticket', in: 'path', required: true, schema: { type: 'string' } }],
      requestBody: { content: { 'application/gzip': { schema: { type: 'string', format: 'binary' } } } },
      responses: {
        201: { description: 'Stored: source_ref, files, bytes, what was ignored.' },
        default: problemAnswer,
      },
    },
  },
  '/api/events/ticket': {
    post: {
      operationId: 'create_events_ticket',
      summary: 'A ticket for EventSource',
      responses: { 200: { description: 'ticket, good for a minute.' }, default: problemAnswer },
    },
  },
  '/api/events': {
    get: {
      operationId: 'events',
      summary: 'Live events',
      description: 'Server-sent events: one `snapshot`, then a `change` for everything that happens to your artifacts.',
      parameters: [{ name: 'ticket', in: 'query', required: false, schema: { type: 'string' } }],
      responses: { 200: { description: 'A stream.', content: { 'text/event-stream': {} } }, default: problemAnswer },
    },
  },
  '/api/artifacts/{name}/logs/follow': {
    get: {
      operationId: 'follow_logs',
      summary: 'Follow a log',
      description:
        'The build while there is one, then the app, line by line as it comes, across restarts and new versions. Ends when the app is stopped or deleted, with `kind=build` when the build has ended. NotFound when nothing runs: the kept log is at `/logs`.',
      parameters: [named, { name: 'kind', in: 'query', required: false, schema: { enum: ['build', 'app'] } }],
      responses: { 200: { description: 'Text as it comes.', content: { 'text/plain': {} } }, default: problemAnswer },
    },
  },
  '/api/artifacts/{name}/source.tar.gz': {
    get: {
      operationId: 'download_source',
      summary: 'All files of a version',
      parameters: [named, { name: 'version', in: 'query', required: false, schema: { type: 'integer' } }],
      responses: { 200: { description: 'The files.', content: { 'application/gzip': {} } }, default: problemAnswer },
    },
  },
};

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The document as a page, with the line that installs the command: nothing in it is loaded from elsewhere. */
export function docsPage(document: Json, installLine: string): string {
  const paths = document.paths as Record<string, Record<string, Json>>;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method, path, operation)),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>vibeD API</title>
<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}code,pre{font:13px ui-monospace,monospace}pre{overflow:auto;border:1px solid #8886;padding:.7rem;border-radius:6px}summary{cursor:pointer}h2 code{font-size:1rem}</style>
<h1>vibeD API</h1><p>Send <code>Authorization: Bearer &lt;API key&gt;</code>. The same as <a href="/api/openapi.json">OpenAPI 3.1</a>; AI tools use <code>/mcp</code>.</p>
<p>From a shell, with Node.js 20 or newer, the command <code>vibed</code>:</p><pre>${escaped(installLine)}</pre>
${operations.join('\n')}</html>\n`;
}

function section(method: string, path: string, operation: Json): string {
  const details = (title: string, value: unknown) =>
    value === undefined
      ? ''
      : `<details><summary>${title}</summary><pre>${escaped(JSON.stringify(value, null, 2))}</pre></details>`;
  return `<section><h2><code>${method.toUpperCase()} ${escaped(path)}</code></h2><p><b>${escaped(String(operation.summary))}.</b> ${escaped(String(operation.description ?? ''))}</p>
${details('Parameters', operation.parameters)}${details('Body', operation.requestBody)}${details('Answers', operation.responses)}</section>`;
}

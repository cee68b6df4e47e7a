// The OpenAPI 3.1 document, made from the routes, the schemas of their actions and the table of problems.
import { z } from 'zod';
import type { Action } from '../actions/action.ts';
import { problemCodes } from '../problems.ts';
import { archiveTypes } from './content-type.ts';
import { neverInQuery } from './input.ts';
import { type Route, routes, tags } from './routes.ts';
import { streamPaths, streamSchemas } from './stream-paths.ts';

type Json = Record<string, unknown>;

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
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: { ...paths, ...streamPaths(refusals) },
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key.' } },
      schemas: { Problem: problemSchema, ...streamSchemas, ...Object.assign({}, ...routes.map(schemasOf)) },
      responses: problemResponses(),
    },
  };
}

const problemSchema = {
  type: 'object',
  description: 'What was wrong, where, and what to do (RFC 9457).',
  required: ['type', 'title', 'status', 'code', 'message', 'hint', 'next'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: problemCodes.map(({ code }) => code), description: 'Stable; switch on this.' },
    message: { type: 'string' },
    field: { type: 'string', description: 'The input field to blame.' },
    hint: { type: 'string', description: 'What to do about it.' },
    retry_after_s: { type: 'integer' },
    source_ref: { type: 'string', description: 'The files of the refused call are stored under it.' },
    next: { type: 'array', items: { type: 'object' }, description: 'Calls that help now, ready to be made.' },
  },
};

/** One response per status, which names its codes: `Problem404`. */
function problemResponses(): Json {
  const statuses = [...new Set(problemCodes.map(({ status }) => status))];
  return Object.fromEntries(
    statuses.map(status => {
      const codes = problemCodes.filter(problem => problem.status === status);
      return [
        `Problem${status}`,
        {
          description: codes.map(({ code, title }) => `${code}: ${title}.`).join(' '),
          ...(takesRetryAfter.includes(status) && {
            headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } },
          }),
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ];
    }),
  );
}

const takesRetryAfter = [429, 503];

/** The refusals that an operation can answer with: those of every operation, and these. */
function refusals(...more: readonly number[]): Json {
  const statuses = [400, 401, 403, 429, 500, 503, ...more].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map(status => [String(status), { $ref: `#/components/responses/Problem${status}` }]),
  );
}

interface ObjectSchema extends Json {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
}

const schemaOf = (schema: z.ZodObject): ObjectSchema => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' });
  return json as ObjectSchema;
};

/** `deploy_artifact` → `DeployArtifact`. */
const pascal = (name: string) => name.replaceAll(/(?:^|_)(\w)/g, (_match, letter: string) => letter.toUpperCase());
const requestName = ({ name }: Action) => `${pascal(name)}Request`;
const answerName = ({ name }: Action) => `${pascal(name)}Answer`;
const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** The members of an action's input that are no part of the path. */
function fieldsOf({ path, action }: Route): ObjectSchema {
  const { properties = {}, required = [], ...rest } = schemaOf(action.input);
  const inPath = inPathOf(path);
  return {
    ...rest,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.includes(name))),
    required: required.filter(name => !inPath.includes(name)),
  };
}

const inPathOf = (path: string) => [...path.matchAll(/:(\w+)/g)].map(match => match[1] ?? '');

function schemasOf(route: Route): Json {
  const { action, method } = route;
  return {
    [answerName(action)]: schemaOf(action.output),
    ...(method !== 'get' && { [requestName(action)]: fieldsOf(route) }),
  };
}

function operationOf(route: Route): Json {
  const { method, path, action, tag } = route;
  const { properties = {} } = schemaOf(action.input);
  const fields = fieldsOf(route);
  const hasBody = method !== 'get' && Object.keys(fields.properties ?? {}).length > 0;
  const inPath = inPathOf(path);
  const more = [
    ...(inPath.length > 0 ? [404] : []),
    ...(hasBody ? [408, 413, 415] : []),
    ...(action.scope === 'write' || action.name === 'invoke_artifact' ? [409] : []),
  ];
  return {
    operationId: action.name,
    tags: [tag],
    summary: action.title,
    description: `${action.description}\n\nNeeds a key with scope ${action.scope}.`,
    parameters: [
      ...inPath.map(name => ({ name, in: 'path', required: true, schema: properties[name] ?? {} })),
      ...queryOf(route, fields),
    ],
    ...(hasBody && { requestBody: bodyOf(action, fields) }),
    responses: {
      200: {
        description: 'Done, or accepted: nothing waits for a build.',
        content: { 'application/json': { schema: refTo(answerName(action)) } },
      },
      ...refusals(...more),
    },
  };
}

const takesFiles = ({ properties = {} }: ObjectSchema) => 'files' in properties;

/** A GET has all its fields in the query; a call whose body may be an archive has the other ones there. */
function queryOf({ method }: Route, { properties = {}, required = [] }: ObjectSchema): Json[] {
  const isRead = method === 'get';
  if (!isRead && !('files' in properties)) return [];
  return Object.entries(properties)
    .filter(([name]) => !neverInQuery.includes(name) && (isRead || !sourceFields.includes(name)))
    .map(([name, schema]) => ({
      name,
      in: 'query',
      required: isRead && required.includes(name),
      ...(!isRead && {
        description: `With an archive as the body${required.includes(name) ? ', where it is required' : ''}.`,
      }),
      // What is no single value is written as JSON.
      ...(schema.type === 'object' || schema.type === 'array'
        ? { content: { 'application/json': { schema } } }
        : { schema }),
    }));
}

const sourceFields = ['files', 'source_ref', 'git_url', 'git_ref', 'git_path', 'image'];

function bodyOf(action: Action, fields: ObjectSchema): Json {
  const content: Record<string, Json> = { 'application/json': { schema: refTo(requestName(action)) } };
  if (takesFiles(fields)) {
    const { files: _, ...others } = fields.properties ?? {};
    content['multipart/form-data'] = { schema: formOf(others) };
    for (const type of archiveTypes)
      content[type] = {
        schema: { type: 'string', format: 'binary', description: 'A tar, tar.gz or zip of the folder.' },
      };
  }
  return { required: (fields.required ?? []).length > 0, content };
}

const formOf = (fields: Readonly<Record<string, Json>>): Json => ({
  type: 'object',
  description: 'Fields as in JSON; what is no single value is written as JSON.',
  properties: {
    ...fields,
    file: {
      type: 'array',
      items: { type: 'string', format: 'binary' },
      description: 'One part per file, whatever its field is called; its file name is the path in the tree.',
    },
  },
});

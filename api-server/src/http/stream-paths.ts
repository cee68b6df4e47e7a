// The paths of the OpenAPI document that are no actions: what streams or carries bytes.
import { archiveTypes } from './content-type.ts';

type Json = Record<string, unknown>;

const named = { name: 'name', in: 'path', required: true, schema: { type: 'string' } };
const bytes = { schema: { type: 'string', format: 'binary' } };
const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });

export const streamSchemas: Json = {
  UploadAnswer: {
    type: 'object',
    required: ['source_ref', 'files', 'bytes', 'warnings', 'next'],
    properties: {
      source_ref: { type: 'string', description: 'For deploy_artifact and update_artifact.' },
      files: { type: 'integer' },
      bytes: { type: 'integer' },
      warnings: { type: 'array', items: { type: 'string' }, description: 'What was left out.' },
      next: { type: 'array', items: { type: 'object' } },
    },
  },
  EventsTicket: {
    type: 'object',
    required: ['ticket', 'expires_at'],
    properties: { ticket: { type: 'string' }, expires_at: { type: 'string', format: 'date-time' } },
  },
  Event: {
    type: 'object',
    required: ['type'],
    description: 'The data of one event.',
    properties: {
      type: { enum: ['snapshot', 'set', 'delete'] },
      artifacts: { type: 'array', items: { type: 'object' }, description: 'All artifacts, in a snapshot.' },
      artifact: { type: 'object', description: 'The artifact as it is now, in a set.' },
      name: { type: 'string', description: 'In a delete.' },
      uid: { type: 'string', description: 'In a delete.' },
      staleSince: { type: 'string', format: 'date-time', description: 'In a snapshot that may be old.' },
    },
  },
};

/** `refusals` returns the problem responses of every operation and of the statuses that it is given. */
export function streamPaths(refusals: (...more: readonly number[]) => Json): Json {
  return {
    '/api/uploads/{ticket}': { put: uploadOperation(refusals) },
    '/api/events/ticket': { post: ticketOperation(refusals) },
    '/api/events': { get: eventsOperation(refusals) },
    '/api/artifacts/{name}/logs/follow': { get: followOperation(refusals) },
    '/api/artifacts/{name}/source.tar.gz': { get: sourceOperation(refusals) },
  };
}

type Refusals = Parameters<typeof streamPaths>[0];

const uploadOperation = (refusals: Refusals): Json => ({
  operationId: 'upload',
  tags: ['sources'],
  summary: 'Send a folder',
  description: 'A tar, tar.gz or zip, once, to the URL that create_upload returned. The URL is the permission.',
  security: [],
  parameters: [{ name: 'ticket', in: 'path', required: true, schema: { type: 'string' } }],
  requestBody: { required: true, content: Object.fromEntries(archiveTypes.map(type => [type, bytes])) },
  responses: {
    201: { description: 'Stored.', content: { 'application/json': { schema: refTo('UploadAnswer') } } },
    ...refusals(408, 410, 413),
  },
});

const ticketOperation = (refusals: Refusals): Json => ({
  operationId: 'create_events_ticket',
  tags: ['events'],
  summary: 'A ticket for EventSource',
  description:
    'EventSource sends no headers, so the ticket goes into the query of /api/events. It may be used again until it expires, which an EventSource does when its connection broke, and ends with the key that it was made with.',
  responses: {
    200: { description: 'The ticket.', content: { 'application/json': { schema: refTo('EventsTicket') } } },
    ...refusals(),
  },
});

const eventsOperation = (refusals: Refusals): Json => ({
  operationId: 'events',
  tags: ['events'],
  summary: 'Live events',
  description:
    'Server-sent events: one `snapshot`, then a `change` for everything that happens to your artifacts. A broken connection may be opened again at once, and begins with a new snapshot. An EventSource closes for good after any answer but 200: then request a new ticket and open a new one.',
  parameters: [
    {
      name: 'ticket',
      in: 'query',
      required: false,
      description: 'In place of the Authorization header.',
      schema: { type: 'string' },
    },
  ],
  security: [{ key: [] }, {}],
  responses: {
    200: { description: 'A stream.', content: { 'text/event-stream': { schema: refTo('Event') } } },
    ...refusals(),
  },
});

const followOperation = (refusals: Refusals): Json => ({
  operationId: 'follow_logs',
  tags: ['operations'],
  summary: 'Follow a log',
  description:
    'The build while there is one, then the app, line by line as it comes, across restarts and new versions. Ends when the app is stopped or deleted, with `kind=build` when the build has ended. NotFound when nothing runs: the kept log is at `/logs`.',
  parameters: [named, { name: 'kind', in: 'query', required: false, schema: { enum: ['build', 'app'] } }],
  responses: {
    200: { description: 'Text as it comes.', content: { 'text/plain': { schema: { type: 'string' } } } },
    ...refusals(404),
  },
});

const sourceOperation = (refusals: Refusals): Json => ({
  operationId: 'download_source',
  tags: ['sources'],
  summary: 'All files of a version',
  parameters: [named, { name: 'version', in: 'query', required: false, schema: { type: 'integer', minimum: 1 } }],
  responses: {
    200: { description: 'The files.', content: { 'application/gzip': bytes } },
    ...refusals(404),
  },
});

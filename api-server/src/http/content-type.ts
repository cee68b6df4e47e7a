// What the Content-Type of a request says about its body. A header that cannot be read is refused with what to send instead.
import { MIMEType } from 'node:util';
import type { Request } from 'express';
import { Problem } from '../problems.ts';

export const archiveTypes = [
  'application/gzip',
  'application/x-gzip',
  'application/x-tar',
  'application/zip',
  'application/octet-stream',
];
export type BodyKind = { readonly is: 'json' | 'archive' } | { readonly is: 'form'; readonly boundary: string };

/** RFC 2046 allows no others. The search for a boundary takes time in proportion to its length. */
const boundaryPattern = /^[0-9A-Za-z'()+_,\-./:=? ]{1,70}$/;

/** The kind of a request's body; undefined for a type that is not read here, and when there is no header. */
export function bodyKindOf({ headers }: Request): BodyKind | undefined {
  const text = headers['content-type'];
  if (text === undefined) return undefined;
  const type = parsed(text);
  if (type.essence === 'application/json' || type.subtype.endsWith('+json')) return checkedJson(type);
  if (type.essence === 'multipart/form-data') return checkedForm(type);
  return archiveTypes.includes(type.essence) ? { is: 'archive' } : undefined;
}

function parsed(text: string): MIMEType {
  try {
    return new MIMEType(text);
  } catch (cause) {
    throw malformed('cannot be read', 'send a header like Content-Type: application/json', cause);
  }
}

function checkedJson({ params }: MIMEType): BodyKind {
  const charset = params.get('charset')?.toLowerCase() ?? 'utf-8';
  if (charset === 'utf-8' || charset === 'utf8') return { is: 'json' };
  throw new Problem('UnsupportedMediaType', 'the charset of the Content-Type header is not UTF-8', {
    field: 'content-type',
    hint: 'send JSON as UTF-8',
  });
}

function checkedForm({ params }: MIMEType): BodyKind {
  const boundary = params.get('boundary') ?? '';
  if (boundaryPattern.test(boundary)) return { is: 'form', boundary };
  throw malformed(
    boundary === '' ? 'has no boundary' : 'has a boundary that RFC 2046 does not allow',
    'let the HTTP client write the header, or send Content-Type: multipart/form-data; boundary=<1 to 70 letters or digits>',
  );
}

const malformed = (why: string, hint: string, cause?: unknown) =>
  new Problem('InvalidInput', `the Content-Type header ${why}`, { field: 'content-type', hint, cause });

/** The refusal of a body whose type is not one of these. */
export const unreadType = (types: readonly string[]): Problem =>
  new Problem('UnsupportedMediaType', 'this content type is not read here', {
    field: 'content-type',
    hint: `send ${types.join(' or ')}`,
  });

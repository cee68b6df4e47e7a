// JSON bodies. A text of four megabytes can hold a million brackets, which JSON.parse and every schema after it would walk
// through for seconds. So the brackets and commas of a text are counted first, in one pass.
import type { Request } from 'express';
import { Problem } from '../problems.ts';
import { wholeBody } from './body.ts';

/** Limit of JSON bodies; larger trees come as archives. */
export const jsonLimitBytes = 4 * 1024 * 1024;
const maxDepth = 32;
/** A deploy of 1,000 files has 4,000 values. */
const maxValues = 20_000;

/** The JSON value of a request's body; an empty body is an empty object. */
export async function readJson(request: Request): Promise<unknown> {
  const bytes = await wholeBody(request, jsonLimitBytes);
  return bytes.length === 0 ? {} : parseJson(textOf(bytes));
}

/** JSON.parse for texts of strangers; throws InvalidInput for what is no JSON, or is nested too deeply, or has too many values. */
export function parseJson(text: string): unknown {
  checkStructure(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem('InvalidInput', 'the body is not JSON', { hint: 'send one JSON object', cause });
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new Problem('InvalidInput', 'the body is not UTF-8', { hint: 'encode the JSON text as UTF-8', cause });
  }
}

function checkStructure(text: string): void {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === quote) at = endOfString(text, at);
    else if (char === openBrace || char === openBracket) {
      depth += 1;
      values += 1;
      if (depth > maxDepth) throw tooMuch(`is nested more than ${maxDepth} levels deep`);
    } else if (char === closeBrace || char === closeBracket) depth -= 1;
    else if (char === comma) values += 1;
    if (values > maxValues) throw tooMuch(`has more than ${maxValues} values`);
  }
}

/** Where the string ends that begins at `start`; the end of the text for one without an end. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === backslash) before -= 1;
  return (at - before) % 2 === 1;
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

const tooMuch = (what: string) =>
  new Problem('InvalidInput', `the JSON ${what}`, { hint: 'send one object as /api/openapi.json describes it' });

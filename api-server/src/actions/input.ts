// Input that nobody sends by accident is refused before any schema looks at it; and what a schema refuses is told in words
// that lead to a right call: the field, and the name that was probably meant.
import { z } from 'zod';
import { Problem } from '../problems.ts';
import { closest } from './closest.ts';

const maxDepth = 16;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** Throws InvalidInput for nesting without end, keys that reach into prototypes, and text that is not text. */
export function checkShape(value: unknown, path: readonly string[] = []): void {
  if (path.length > maxDepth) throw refuse(path.slice(0, 3), 'is nested too deeply', 'send a flat object');
  if (typeof value === 'string') checkText(value, path);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (!Array.isArray(value) && forbiddenKeys.has(key)) throw refuse(path, `has a member ${key}`, 'remove it');
    checkText(key, path);
    checkShape(member, [...path, key]);
  }
}

function checkText(text: string, path: readonly string[]): void {
  if (!text.isWellFormed())
    throw refuse(path, 'holds half a surrogate pair', 'send well-formed Unicode, or base64 with encoding');
  if (text.includes('\u0000'))
    throw refuse(path, 'holds a NUL', 'send bytes that are not text as base64 with encoding');
}

function refuse(path: readonly string[], why: string, hint: string): Problem {
  const field = path.length === 0 ? 'input' : path.join('.').slice(0, 120);
  return new Problem('InvalidInput', `${field} ${why}`, { field, hint });
}

/** What is wrong with one field, and what to do. */
interface Fault {
  readonly field: string;
  readonly message: string;
  readonly hint: string;
}

/** Names every fault, fields that do not exist first: one of them is often the missing one, misspelt. Never quotes a value. */
export function invalidInput(error: z.ZodError, schema: z.ZodObject): Problem {
  const faults = [...unknownFields(error, schema), ...wrongFields(error, schema)];
  const [first] = faults;
  if (first === undefined) return new Problem('InvalidInput', 'the input is not usable');
  const shown = faults.slice(0, shownFaults);
  const rest = faultsIn(error) - shown.length;
  const guesses = shown.map(({ hint }) => hint);
  const hints = shown.filter(fault => !guesses.includes(didYouMean(fault.field))).map(({ hint }) => hint);
  return new Problem(
    'InvalidInput',
    shown.map(({ message }) => message).join('; ') + (rest > 0 ? ` (and ${rest} more)` : ''),
    { field: first.field, hint: [...new Set(hints)].join('; ') },
  );
}

const shownFaults = 4;
const fieldOf = ({ path }: z.core.$ZodIssue) => path.map(String).join('.').slice(0, 120) || 'input';
const didYouMean = (name: string) => `did you mean ${name}?`;
const faultsIn = ({ issues }: z.ZodError) =>
  issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
const isMissing = ({ code, message }: z.core.$ZodIssue) =>
  code === 'invalid_type' && message.endsWith('received undefined');

/** Only as many as are shown: the search for what was meant takes time. */
function unknownFields({ issues }: z.ZodError, schema: z.ZodObject): Fault[] {
  return issues
    .flatMap(issue => (issue.code === 'unrecognized_keys' ? issue.keys.map(key => ({ key, issue })) : []))
    .slice(0, shownFaults)
    .map(({ key, issue }) => unknownField(key, issue, schema));
}

function wrongFields({ issues }: z.ZodError, schema: z.ZodObject): Fault[] {
  return issues
    .filter(({ code }) => code !== 'unrecognized_keys')
    .slice(0, shownFaults)
    .map(issue => faultOf(issue, schema));
}

function unknownField(key: string, { path }: z.core.$ZodIssue, schema: z.ZodObject): Fault {
  const owner = schemaAt(schema, path);
  const known = owner instanceof z.ZodObject ? Object.keys(owner.shape) : [];
  const meant = closest(key, known);
  const field = [...path.map(String), key].join('.').slice(0, 120);
  return {
    field,
    message: `there is no field ${field}`,
    hint:
      meant === undefined ? `the fields are ${known.join(', ')}` : didYouMean([...path, meant].map(String).join('.')),
  };
}

function faultOf(issue: z.core.$ZodIssue, schema: z.ZodObject): Fault {
  const field = fieldOf(issue);
  if (issue.code !== 'invalid_type') return { field, message: `${field}: ${issue.message}`, hint: `change ${field}` };
  const example = JSON.stringify(exampleOf(schemaAt(schema, issue.path), String(issue.path.at(-1))));
  return {
    field,
    message: isMissing(issue) ? `${field} is missing` : `${field}: ${issue.message}`,
    hint: example === undefined ? `change ${field}` : `send ${field} as in this example: ${example}`,
  };
}

/** The schema of the member at a path; undefined where the schema has none. */
function schemaAt(schema: unknown, path: readonly PropertyKey[]): unknown {
  const [key, ...rest] = path;
  const bare = withoutWrapper(schema);
  if (key === undefined) return bare;
  if (bare instanceof z.ZodObject) return schemaAt(bare.shape[String(key)], rest);
  if (bare instanceof z.ZodArray) return schemaAt(bare.element, rest);
  if (bare instanceof z.ZodRecord) return schemaAt(bare.valueType, rest);
  return undefined;
}

function withoutWrapper(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return withoutWrapper(schema.unwrap());
  return schema;
}

const exampleTexts: Readonly<Record<string, string>> = { path: 'index.html', content: '<h1>Hello</h1>', name: 'todo' };

/** A value that a schema takes, with the members that it requires; undefined for schemas that need more than a shape. */
function exampleOf(schema: unknown, name: string): unknown {
  const bare = withoutWrapper(schema);
  if (bare instanceof z.ZodString) return exampleTexts[name] ?? 'text';
  if (bare instanceof z.ZodNumber) return 1;
  if (bare instanceof z.ZodBoolean) return true;
  if (bare instanceof z.ZodEnum) return bare.options[0];
  if (bare instanceof z.ZodArray) return [exampleOf(bare.element, name)];
  if (bare instanceof z.ZodRecord) return { NAME: exampleOf(bare.valueType, name) };
  if (!(bare instanceof z.ZodObject)) return undefined;
  const required = Object.entries(bare.shape).filter(([, member]) => !(member instanceof z.ZodOptional));
  return Object.fromEntries(required.map(([key, member]) => [key, exampleOf(member, key)]));
}

/** Exactly one of these fields; a flat schema cannot say so. Returns its name. */
export function exactlyOneOf<K extends string>(input: Partial<Record<K, unknown>>, fields: readonly K[]): K {
  const given = fields.filter(field => input[field] !== undefined);
  const [only] = given;
  if (given.length === 1 && only !== undefined) return only;
  const message =
    given.length === 0 ? `none of ${fields.join(', ')} is given` : `${given.join(' and ')} are given together`;
  throw new Problem('InvalidInput', message, {
    field: given[1] ?? fields[0],
    hint: `give exactly one of ${fields.join(', ')}`,
  });
}

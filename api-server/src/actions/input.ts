// Input that nobody sends by accident is refused before any schema looks at it; and what a schema refuses is told in words
// that lead to a right call: the field, and the name that was probably meant.
import type { z } from 'zod';
import { Problem } from '../problems.ts';

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

/** The first issue in full and the rest by name; never a value that was given. */
export function invalidInput(error: z.ZodError, schema: z.ZodObject): Problem {
  const [first, ...others] = error.issues;
  if (first === undefined) return new Problem('InvalidInput', 'the input is not usable');
  const field = first.path.map(String).join('.');
  const rest = others.length === 0 ? '' : ` (and ${others.length} more: ${namesOf(others)})`;
  if (first.code === 'unrecognized_keys') {
    const key = first.keys[0] ?? '';
    const known = first.path.length === 0 ? Object.keys(schema.shape) : [];
    const meant = closest(key, known);
    const hint = meant === undefined ? `the fields are ${known.join(', ')}` : `did you mean ${meant}?`;
    return new Problem(
      'InvalidInput',
      `there is no field ${[field, key].filter(Boolean).join('.').slice(0, 80)}${rest}`,
      { field: key.slice(0, 80), hint },
    );
  }
  return new Problem('InvalidInput', `${field || 'input'}: ${first.message}${rest}`, {
    field: field || 'input',
    hint: `change ${field || 'the input'}`,
  });
}

const namesOf = (issues: readonly z.core.$ZodIssue[]) =>
  issues
    .slice(0, 4)
    .map(issue => issue.path.map(String).join('.') || 'input')
    .join(', ');

/** The known name with the fewest edits, when they are few. */
export function closest(name: string, known: readonly string[]): string | undefined {
  if (name.length > 60) return undefined;
  const normal = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const ranked = known.map(candidate => ({ candidate, distance: edits(normal(name), normal(candidate)) }));
  const best = ranked.sort((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

/** Levenshtein's distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
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

// What a refused input hears: every fault by name, the field that was meant, and the shape that was expected.
import { describe, expect, it } from 'vitest';
import type { Problem } from '../problems.ts';
import { deployArtifact } from './deploy.ts';
import { invalidInput } from './input.ts';
import { updateArtifact } from './update.ts';

const refusal = (raw: unknown, { input } = deployArtifact): Problem => {
  const parsed = input.safeParse(raw);
  if (parsed.success) throw new Error('it was taken');
  return invalidInput(parsed.error, input);
};
const files = [{ path: 'index.html', content: 'hi' }];
const shape = 'send files as in this example: [{"path":"index.html","content":"<h1>Hello</h1>"}]';

describe('a refused input', () => {
  it.each([
    [
      'a misspelt field',
      { name: 'todo', healthpath: '/' },
      'there is no field healthpath',
      'did you mean health_path?',
    ],
    [
      'a misspelt field that is needed',
      { nam: 'todo', files },
      'there is no field nam; name is missing',
      'did you mean name?',
    ],
    [
      'a misspelt field beside one that is missing',
      { files, healthpath: '/' },
      'there is no field healthpath; name is missing',
      'did you mean health_path?; send name as in this example: "todo"',
    ],
    [
      'a misspelt field in a file',
      { name: 'todo', files: [{ path: 'a', contents: '' }] },
      'there is no field files.0.contents; files.0.content is missing',
      'did you mean files.0.content?',
    ],
    [
      'a map of files',
      { name: 'todo', files: { 'a.html': 'x' } },
      'files: Invalid input: expected array, received object',
      shape,
    ],
    ['files as text', { name: 'todo', files: '[]' }, 'files: Invalid input: expected array, received string', shape],
    [
      'a list of texts',
      { name: 'todo', files: ['a.html'] },
      'files.0: Invalid input: expected object, received string',
      'send files.0 as in this example: {"path":"index.html","content":"<h1>Hello</h1>"}',
    ],
    [
      'variables as a list',
      { name: 'todo', files, env: ['A=b'] },
      'env: Invalid input: expected record, received array',
      'send env as in this example: {"NAME":"text"}',
    ],
  ])('for %s', (_, raw, message, hint) => {
    expect(refusal(raw)).toMatchObject({ message, details: { hint } });
  });

  it('for edits that are not a list', () => {
    expect(refusal({ name: 'todo', edits: {} }, updateArtifact).details.hint).toBe(
      'send edits as in this example: [{"path":"index.html","old_text":"text","new_text":"text"}]',
    );
  });

  it('never quotes a value, and stays short', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field${i}`, 'hunter2']));
    const { message, details } = refusal({ ...many, env: { A: ['hunter2'] } });
    expect(message + String(details.hint)).not.toContain('hunter2');
    expect((message + String(details.hint)).length).toBeLessThan(1_500);
  });
});

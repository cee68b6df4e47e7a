import fc from 'fast-check';
import { expect, it } from 'vitest';
import { literal, literally } from './literal.ts';

/** What the kubelet makes of a text (third_party/forked/golang/expansion/expand.go), with every variable set to a secret. */
function expanded(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i += 1) {
    const rest = text.slice(i + 1);
    if (text[i] !== '$' || rest === '') out += text[i];
    else if (rest[0] === '$') {
      out += '$';
      i += 1;
    } else if (rest[0] === '(') {
      const end = rest.indexOf(')');
      out += end === -1 ? '$(' : 'SECRET';
      i += end === -1 ? 1 : end + 1;
    } else {
      out += `$${rest[0]}`;
      i += 1;
    }
  }
  return out;
}

it.each([
  ['$(HTTP_PROXY)', '$$(HTTP_PROXY)'],
  ['$$(A)', '$$$$(A)'],
  ['$$$(A)', '$$$$$$(A)'],
  ['cost: $5 and $HOME', 'cost: $5 and $HOME'],
  ['$$', '$$$'],
  ['$(', '$$('],
  ['', ''],
])('writes %s as %s', (text, written) => {
  expect(literal(text)).toBe(written);
  expect(expanded(written)).toBe(text);
});

it('is undone by the kubelet, whatever the text', () => {
  const text = fc.string({ unit: fc.constantFrom('$', '(', ')', 'A', ' ') });
  fc.assert(
    fc.property(text, given => {
      expect(expanded(literal(given))).toBe(given);
    }),
  );
});

it('reaches the command, the arguments and the values of a container, and nothing else', () => {
  const secret = { name: 'B', valueFrom: { secretKeyRef: { name: '$(A)', key: 'k' } } };
  const container = { name: 'app', command: ['$(A)'], args: ['$(A)'], env: [{ name: 'A', value: '$(A)' }, secret] };
  expect(literally(container)).toEqual({
    name: 'app',
    command: ['$$(A)'],
    args: ['$$(A)'],
    env: [{ name: 'A', value: '$$(A)' }, secret],
  });
  expect(literally({ name: 'plain' })).toEqual({ name: 'plain' });
});

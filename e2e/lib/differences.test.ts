import { describe, expect, test } from 'vitest';
import { differences } from './differences.ts';

const status = { phase: 'running', serving: { version: 2, image: 'x@sha256:0' }, conditions: [{ type: 'Ready' }] };

const table: { what: string; wanted: unknown; lines: string[] }[] = [
  { what: 'a part that fits', wanted: { serving: { version: 2 } }, lines: [] },
  { what: 'a text that matches', wanted: { serving: { image: /@sha256:/ } }, lines: [] },
  { what: 'a judgement that holds', wanted: { conditions: (list: unknown[]) => list.length === 1 }, lines: [] },
  { what: 'an absent member', wanted: { failure: undefined }, lines: [] },
  { what: 'another value', wanted: { phase: 'failed' }, lines: ['phase: want "failed", saw "running"'] },
  { what: 'a nested other value', wanted: { serving: { version: 3 } }, lines: ['serving.version: want 3, saw 2'] },
  {
    what: 'a missing parent',
    wanted: { failure: { reason: 'X' } },
    lines: ['failure: want {"reason":"X"}, saw undefined'],
  },
  { what: 'a longer list', wanted: { conditions: [] }, lines: ['conditions: want [], saw [{"type":"Ready"}]'] },
  { what: 'a text that does not match', wanted: { phase: /^b/ }, lines: ['phase: want /^b/, saw "running"'] },
];

describe('differences', () => {
  test.for(table)('of $what', ({ wanted, lines }) => {
    expect(differences(wanted, status)).toEqual(lines);
  });
});

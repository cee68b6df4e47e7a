import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { artifactSchema, limits, nameRules, specSchema } from './artifact.ts';
import { examples } from './testdata.ts';

/** Every problem as a kube-apiserver writes it: `spec.source.files[0].path: what is wrong`. */
function refusalOf(artifact: unknown): string | undefined {
  const parsed = artifactSchema.safeParse(artifact);
  return parsed.success ? undefined : parsed.error.issues.map(i => `${fieldOf(i)}: ${i.message}`).join('\n');
}

function fieldOf(issue: z.core.$ZodIssue): string {
  return issue.path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

const staticSite = { files: [{ path: 'index.html', content: 'hi' }] };
const accepts = (spec: unknown) => specSchema.safeParse(spec).success;
const acceptsPath = (path: string) => accepts({ source: { files: [{ path, content: '' }] } });
const segment = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom('a', '.', '-', ' ', 'é', '~') });

describe('examples', () => {
  test.for(examples('valid'))('accepts $name', ({ artifact }) => {
    expect(refusalOf(artifact)).toBeUndefined();
  });

  test.for(examples('invalid'))('refuses $name, naming field and remedy', ({ artifact, expect: wanted }) => {
    expect(wanted).not.toEqual([]);
    const refusal = refusalOf(artifact);
    expect(refusal).toBeDefined();
    for (const part of wanted) expect(refusal).toContain(part);
  });
});

describe('paths', () => {
  test('a path is accepted exactly when joining it to a folder stays inside and changes nothing', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), fc.constantFrom('', '/'), (parts, lead) => {
        const path = lead + parts.join('/');
        const resolved = new URL(`http://x/root/${path.split('/').map(encodeURIComponent).join('/')}`).pathname;
        const inside = resolved === `/root/${path.split('/').map(encodeURIComponent).join('/')}` && lead === '';
        expect(acceptsPath(path)).toBe(inside);
      }),
    );
  });

  test('two files collide exactly when one would be the folder of the other', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 })
      .map(parts => parts.join('/'));
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 2, maxLength: 6 }), paths => {
        const folders = new Set(paths.flatMap(p => p.split('/').map((_, i, all) => all.slice(0, i).join('/'))));
        const files = paths.map(p => ({ path: p, content: '' }));
        expect(accepts({ source: { files } })).toBe(!paths.some(p => folders.has(p)));
      }),
    );
  });
});

describe('sizes', () => {
  test('only the sum of all contents counts', () => {
    const cut = fc.array(fc.nat(limits.inlineCharacters), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(cut, fc.boolean(), (cuts, over) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), limits.inlineCharacters + (over ? 1 : 0)];
        const files = edges.slice(1).map((edge, i) => ({ path: `f${i}`, content: 'x'.repeat(edge - (edges[i] ?? 0)) }));
        expect(accepts({ source: { files } })).toBe(!over);
      }),
      { numRuns: 30 },
    );
  });

  test('base64 that cannot match is refused in linear time', () => {
    const content = `${' '.repeat(limits.inlineCharacters - 1)}!`;
    const before = performance.now();
    expect(accepts({ source: { files: [{ path: 'a', content, encoding: 'base64' }] } })).toBe(false);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});

test('any bytes go through base64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      const content = Buffer.from(bytes).toString('base64');
      expect(accepts({ source: { files: [{ path: 'a', content, encoding: 'base64' }] } })).toBe(true);
    }),
  );
});

test('exactly one of the four sources', () => {
  const one = {
    ...staticSite,
    git: { url: 'https://git.example.com/a.git' },
    snapshot: { digest: `sha256:${'0'.repeat(64)}` },
    image: { ref: `ghcr.io/a/b@sha256:${'0'.repeat(64)}` },
  };
  fc.assert(
    fc.property(fc.subarray(Object.entries(one)), members => {
      expect(accepts({ source: Object.fromEntries(members) })).toBe(members.length === 1);
    }),
  );
});

test('an accepted name is a DNS label, and so are the names derived from it', () => {
  const name = fc.string({ maxLength: 45, unit: fc.constantFrom('a', 'z', '0', '-', 'A', '.') });
  fc.assert(
    fc.property(name, candidate => {
      const accepted = nameRules.every(r => r.holds({ metadata: { name: candidate } }));
      const label = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
      expect(accepted).toBe(candidate.length <= 40 && label.test(candidate));
      if (accepted) expect(`${candidate}-01234567-0123456789`).toMatch(/^.{1,63}$/);
    }),
  );
});

test('min and max of scale', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 50 }), (min, max) => {
      expect(accepts({ source: staticSite, run: { scale: { min, max } } })).toBe(min <= max);
    }),
  );
});

test('what parsed parses again to the same', () => {
  for (const { artifact } of examples('valid')) {
    const once = artifactSchema.parse(artifact);
    expect(artifactSchema.parse(once)).toEqual(once);
  }
});

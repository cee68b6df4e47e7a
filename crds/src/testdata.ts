// The examples in crds/testdata, for every judge that has to agree on them: zod here, the real kube-apiserver in e2e.
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';

export interface Example {
  /** The file's name without extension: what is special about it. */
  name: string;
  /** Not yet judged: may be anything. */
  artifact: unknown;
  /** What a refusal has to contain, from the `# expect:` lines: the field and the remedy. Empty for a valid one. */
  expect: string[];
}

/** All examples of one kind, by name. */
export function examples(kind: 'valid' | 'invalid'): Example[] {
  const folder = new URL(`../testdata/${kind}/`, import.meta.url);
  return readdirSync(folder)
    .filter(file => file.endsWith('.yaml'))
    .sort()
    .map(file => readExample(basename(file, '.yaml'), readFileSync(new URL(file, folder), 'utf8')));
}

function readExample(name: string, text: string): Example {
  const expect = [...text.matchAll(/^# expect: (.+)$/gm)].map(match => match[1] ?? '');
  // Large files are made of one chunk and many aliases to it.
  return { name, artifact: parse(text, { maxAliasCount: -1 }), expect };
}

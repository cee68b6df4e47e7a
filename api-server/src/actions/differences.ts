// What is different between two trees. Both are read side by side, one file of each at a time, so that the size of a tree costs no
// memory; and how much is compared line by line has a limit, so that two texts without a common line cost no time.
import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatPatch, type StructuredPatch, structuredPatch } from 'diff';
import type { StoredFile } from '../storage/storage.ts';
import { shown } from '../storage/tree.ts';

const patchLimit = 8 * 1024;
const listLimit = 100;
/** Bytes of one file on one side; comparing lines takes memory as well. */
const comparableBytes = 100_000;
/** Changed lines of one file, and of all files: the time for two texts grows with the square of it. */
const changedLines = { file: 400, all: 2_000 };

export interface Differences {
  readonly files: { path: string; change: 'added' | 'deleted' | 'changed' }[];
  readonly patch: string;
  readonly truncated: boolean;
  readonly warnings: string[];
}

export async function differencesOf(
  before: AsyncIterable<StoredFile>,
  after: AsyncIterable<StoredFile>,
): Promise<Differences> {
  const files: Differences['files'] = [];
  let count = 0;
  const patch = new PatchWriter();
  for await (const pair of paired(before, after)) {
    const sides = await differingSides(pair, patch);
    if (sides === undefined) continue;
    count += 1;
    if (files.length < listLimit) files.push({ path: pair.path, change: changeOf(pair) });
    await patch.add(pair, sides);
  }
  const warnings = [
    ...(count > files.length ? [`${count - files.length} more files differ and are not listed`] : []),
    ...(patch.leftOut > 0 ? [`the patch leaves out ${patch.leftOut} of ${count} files`] : []),
  ];
  return { files, patch: patch.text, truncated: patch.isTruncated, warnings };
}

interface Pair {
  readonly path: string;
  readonly before?: StoredFile | undefined;
  readonly after?: StoredFile | undefined;
}

/** The files of two trees by path; both come in byte order of their paths. */
async function* paired(before: AsyncIterable<StoredFile>, after: AsyncIterable<StoredFile>): AsyncGenerator<Pair> {
  const [left, right] = [before[Symbol.asyncIterator](), after[Symbol.asyncIterator]()];
  try {
    let [a, b] = [await left.next(), await right.next()];
    while (!a.done || !b.done) {
      const order = a.done ? 1 : b.done ? -1 : Buffer.compare(Buffer.from(a.value.path), Buffer.from(b.value.path));
      const [old, now]: [StoredFile | undefined, StoredFile | undefined] = [
        order <= 0 ? a.value : undefined,
        order >= 0 ? b.value : undefined,
      ];
      yield { path: (old ?? now)?.path ?? '', before: old, after: now };
      if (order <= 0) a = await left.next();
      if (order >= 0) b = await right.next();
    }
  } finally {
    await Promise.all([left.return?.(), right.return?.()]);
  }
}

const changeOf = ({ before, after }: Pair) =>
  before === undefined ? ('added' as const) : after === undefined ? ('deleted' as const) : ('changed' as const);

/** What is to be compared line by line; `sizes` where that is not possible. */
type Sides = readonly [Buffer, Buffer] | 'sizes';

const none = Buffer.alloc(0);

/** Undefined for two files that are the same. Bytes are read only where they are needed. */
async function differingSides({ before, after }: Pair, patch: PatchWriter): Promise<Sides | undefined> {
  const isSameSize = before?.size === after?.size;
  const isComparable = Math.max(before?.size ?? 0, after?.size ?? 0) <= comparableBytes;
  if (!isSameSize && (patch.isFull || !isComparable)) return 'sizes';
  const [a, b] = [(await before?.bytes()) ?? none, (await after?.bytes()) ?? none];
  if (before !== undefined && after !== undefined && a.equals(b)) return undefined;
  return isComparable && isText(a) && isText(b) ? [a, b] : 'sizes';
}

const isText = (bytes: Buffer) => !bytes.includes(0) && isUtf8(bytes);

/** Collects a patch up to its limits. */
class PatchWriter {
  #text = '';
  #linesLeft = changedLines.all;
  leftOut = 0;

  get text(): string {
    return this.#text.slice(0, patchLimit).toWellFormed();
  }

  get isFull(): boolean {
    return this.#text.length >= patchLimit;
  }

  get isTruncated(): boolean {
    return this.#text.length > patchLimit || this.leftOut > 0;
  }

  async add(pair: Pair, sides: Sides): Promise<void> {
    if (this.isFull) {
      this.leftOut += 1;
      return;
    }
    const patch = sides === 'sizes' ? undefined : this.#patchOf(pair, sides);
    this.#text += patch ?? sizesOf(pair, sides === 'sizes' ? 'binary or large' : 'too different to show line by line');
    // Each comparison is short; a row of them gives way to other work.
    await nextTurn();
  }

  #patchOf(pair: Pair, [a, b]: readonly [Buffer, Buffer]): string | undefined {
    const maxEditLength = Math.min(changedLines.file, this.#linesLeft);
    const patch: StructuredPatch | undefined = structuredPatch(
      pair.before === undefined ? '/dev/null' : `a/${pair.path}`,
      pair.after === undefined ? '/dev/null' : `b/${pair.path}`,
      a.toString(),
      b.toString(),
      '',
      '',
      { context: 2, maxEditLength },
    );
    const changed = patch?.hunks.flatMap(({ lines }) => lines).filter(line => /^[-+]/.test(line)).length;
    this.#linesLeft -= Math.min(this.#linesLeft, changed ?? maxEditLength);
    return patch && formatPatch(patch);
  }
}

function sizesOf(pair: Pair, why: string): string {
  const size = (file: StoredFile | undefined) => (file === undefined ? 'absent' : `${file.size} bytes`);
  return `${shown(pair.path)}: ${changeOf(pair)}, ${size(pair.before)} → ${size(pair.after)} (${why})\n`;
}

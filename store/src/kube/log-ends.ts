// The beginning and the end of a log of any length, kept while it streams by: what went wrong is at the end, and limitBytes of the
// Kubernetes API keeps the beginning.

/** Bytes to keep at most. */
export interface LogKeep {
  readonly head: number;
  readonly tail: number;
}

export interface LogEnds {
  /** The first lines; empty where the whole log fits into the tail. */
  readonly head: string;
  /** What came between head and tail. */
  readonly leftOut: { readonly bytes: number; readonly lines: number };
  /** The last lines. */
  readonly tail: string;
}

const newline = 0x0a;

/** Reads a log to its end. */
export async function endsOf(log: AsyncIterable<Uint8Array>, keep: LogKeep): Promise<LogEnds> {
  const head: Buffer[] = [];
  let headLeft = keep.head;
  const ring: Buffer[] = [];
  let ringBytes = 0;
  const leftOut = { bytes: 0, lines: 0 };
  const drop = (bytes: Buffer) => {
    leftOut.bytes += bytes.length;
    leftOut.lines += linesIn(bytes);
  };
  for await (const chunk of log) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (headLeft > 0) head.push(bytes.subarray(0, headLeft));
    const rest = bytes.subarray(headLeft);
    headLeft = Math.max(0, headLeft - bytes.length);
    if (rest.length === 0) continue;
    ring.push(rest);
    ringBytes += rest.length;
    while (ringBytes - (ring[0]?.length ?? 0) >= keep.tail) {
      const first = ring.shift() ?? rest;
      ringBytes -= first.length;
      drop(first);
    }
  }
  const beginning = Buffer.concat(head);
  const end = Buffer.concat(ring);
  if (leftOut.bytes === 0 && end.length <= keep.tail)
    return { head: '', leftOut, tail: Buffer.concat([beginning, end]).toString() };
  const [headCut, tailCut] = [lineEndIn(beginning), lineStartIn(end, end.length - Math.min(end.length, keep.tail))];
  drop(beginning.subarray(headCut));
  drop(end.subarray(0, tailCut));
  return { head: beginning.subarray(0, headCut).toString(), leftOut, tail: end.subarray(tailCut).toString() };
}

/** The whole, with a line that says how much is missing. */
export function joinedEnds({ head, leftOut, tail }: LogEnds): string {
  if (leftOut.bytes === 0) return head + tail;
  const gap = head === '' || head.endsWith('\n') ? '' : '\n';
  return `${head}${gap}… ${leftOut.bytes} bytes left out, ${leftOut.lines} lines …\n${tail}`;
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return lines;
}

/** A line longer than this is cut, for it may be all that there is. */
const longLine = 4 * 1024;

/** Where the last whole line ends. */
function lineEndIn(bytes: Buffer): number {
  const end = bytes.lastIndexOf(newline) + 1;
  return bytes.length - end <= longLine ? end : bytes.length;
}

/** Where the first whole line at or after a position starts. */
function lineStartIn(bytes: Buffer, from: number): number {
  const start = bytes.indexOf(newline, Math.max(0, from - 1)) + 1;
  const isNear = start > 0 && start < bytes.length && start - from <= longLine;
  return isNear ? start : characterStart(bytes, from);
}

function characterStart(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return at;
}

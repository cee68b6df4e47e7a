import type { WatchEvent } from './client.ts';
import { errorFromStatus, KubeError } from './errors.ts';
import type { KubeObject } from './kinds.ts';

/** Reads the body of a watch: one JSON event per line, chunks cut anywhere. A half line at the end is an error, not an event. */
export async function* readWatchEvents<T extends KubeObject>(
  what: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<WatchEvent<T>> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() !== '') yield parseEvent<T>(what, line);
    }
  }
  if (rest.trim() !== '') throw malformed(what, 'it ended in the middle of an event');
}

function parseEvent<T extends KubeObject>(what: string, line: string): WatchEvent<T> {
  const event = parseJson(what, line);
  const object = event.object;
  if (typeof object !== 'object' || object === null) throw malformed(what, 'an event without an object');
  if (event.type === 'ERROR') return { type: 'ERROR', error: errorFromStatus(what, object) };
  const resourceVersion = (object as Partial<KubeObject>).metadata?.resourceVersion;
  if (typeof resourceVersion !== 'string') throw malformed(what, 'an object without a resourceVersion');
  switch (event.type) {
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion };
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: event.type, object: object as T };
    default:
      throw malformed(what, 'an event of unknown type');
  }
}

function parseJson(what: string, line: string): { type?: unknown; object?: unknown } {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    // The parser's own message quotes the line, which may be a Secret.
    throw malformed(what, 'a line that is not JSON');
  }
}

function malformed(what: string, problem: string): KubeError {
  return new KubeError('Unavailable', `${what}: ${problem}`, { reason: 'MalformedEvent' });
}

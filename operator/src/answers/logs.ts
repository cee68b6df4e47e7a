// Logs of pods, read once: a bounded tail for people, and for builds the whole within its limits.
import { gzipSync } from 'node:zlib';
import { isKubeError, joinedEnds, type KubeClient } from '@vibed/store/kube';
import type { BuildLogAnswer, PodLogAnswer } from '../artifact/questions.ts';

interface PodRef {
  namespace: string;
  name: string;
}

const headBytes = 64 * 1024;
const tailBytes = 192 * 1024;
const excerptBytes = 2 * 1024;
const excerptLines = 30;

export async function podLog(
  client: KubeClient,
  pod: PodRef,
  container: string,
  previous: boolean,
): Promise<PodLogAnswer> {
  const options = { container, tailLines: excerptLines };
  const keep = { head: 0, tail: 64 * 1024 };
  const { tail } = await client.logEnds(pod, { ...options, previous }, keep).catch(async error => {
    // The instance before may be gone from the node; the present one is then the best there is.
    if (!previous || !isKubeError(error)) throw error;
    return await client.logEnds(pod, options, keep);
  });
  return { kind: 'podLog', tail: lastLines(tail) };
}

export async function buildLog(
  client: KubeClient,
  pod: PodRef,
  containers: readonly string[],
): Promise<BuildLogAnswer> {
  const parts: string[] = [];
  for (const container of containers) {
    const keep = { head: headBytes, tail: tailBytes };
    const text = await client.logEnds(pod, { container }, keep).then(joinedEnds, error => {
      if (isKubeError(error, 'Invalid') || isKubeError(error, 'NotFound')) return ''; // the container never ran
      throw error;
    });
    if (text !== '') parts.push(`=== ${container}\n${text}`);
  }
  return {
    kind: 'buildLog',
    tail: lastLines(withoutUsage(parts.at(-1) ?? '')),
    gzip: gzipSync(bounded(parts.join('\n'))),
  };
}

/** npm ends a refusal with its whole manual: the cause is before it. */
export const withoutUsage = (text: string): string =>
  text.replace(/^npm (?:ERR!|error) Usage:[\s\S]*?^npm (?:ERR!|error) Run "npm help [a-z-]+" for more info\n/gm, '');

/** The first 64 KiB and the last 192 KiB. */
function bounded(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= headBytes + tailBytes) return bytes;
  const left = bytes.length - headBytes - tailBytes;
  return Buffer.concat([
    bytes.subarray(0, headBytes),
    Buffer.from(`\n… ${left} bytes left out …\n`),
    bytes.subarray(-tailBytes),
  ]);
}

/** At most 30 lines and 2 KiB, without colour codes and control characters. */
export function lastLines(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
  const plain = text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '');
  const lines = plain.trimEnd().split('\n').slice(-excerptLines);
  while (lines.length > 1 && Buffer.byteLength(lines.join('\n')) > excerptBytes) lines.shift();
  return Buffer.from(lines.join('\n'))
    .subarray(-excerptBytes)
    .toString('utf8')
    .replace(/^\uFFFD+/, '');
}

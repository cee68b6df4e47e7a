// Logs of pods, read once: a bounded tail for people, and for builds the beginning and the end of the whole.
import { isKubeError, type KubeClient } from '@vibed/store/kube';
import type { Analysis, For } from '../analysis/analysis.ts';
import { endOf, excerptLines, shortened } from '../analysis/logs.ts';
import type { BuildLogAnswer, PodLogAnswer, Question } from '../artifact/questions.ts';

export interface LogReading {
  readonly client: KubeClient;
  readonly analysis: Pick<Analysis, 'keptLog' | 'lastLines'>;
  readonly whose: For;
}
type QuestionOf<K extends Question['kind']> = Omit<Extract<Question, { kind: K }>, 'kind' | 'id'>;

const readLimit = 8 * 1024 * 1024;

export async function podLog(
  { client, analysis, whose }: LogReading,
  { pod, container, previous }: QuestionOf<'podLog'>,
): Promise<PodLogAnswer> {
  const options = { container, tailLines: excerptLines, limitBytes: 64 * 1024 };
  const text = await client.logs(pod, { ...options, previous }).catch(async error => {
    // The instance before may be gone from the node; the present one is then the best there is.
    if (!previous || !isKubeError(error)) throw error;
    return await client.logs(pod, options);
  });
  return { kind: 'podLog', tail: await analysis.lastLines(text, whose) };
}

export async function buildLog(
  { client, analysis, whose }: LogReading,
  { pod, containers }: QuestionOf<'buildLog'>,
): Promise<BuildLogAnswer> {
  const parts: string[] = [];
  for (const container of containers) {
    const text = await client.logs(pod, { container, limitBytes: readLimit }).catch(error => {
      if (isKubeError(error, 'Invalid') || isKubeError(error, 'NotFound')) return ''; // the container never ran
      throw error;
    });
    if (text !== '') parts.push(`=== ${container}\n${text}`);
  }
  const kept = await analysis.keptLog(shortened(parts.join('\n')), endOf(parts.at(-1) ?? ''), whose);
  return { kind: 'buildLog', ...kept };
}

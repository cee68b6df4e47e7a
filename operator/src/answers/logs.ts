// Logs of pods, read once: a bounded tail for people, and for builds the beginning and the end of the whole.
import { isKubeError, joinedEnds, type KubeClient } from '@vibed/store/kube';
import type { Analysis, For } from '../analysis/analysis.ts';
import { endOf, excerptLines, keptBytes, shortened } from '../analysis/logs.ts';
import type { BuildLogAnswer, PodLogAnswer, Question } from '../artifact/questions.ts';

export interface LogReading {
  readonly client: Pick<KubeClient, 'logEnds'>;
  readonly analysis: Pick<Analysis, 'keptLog' | 'lastLines'>;
  readonly whose: For;
}
type QuestionOf<K extends Question['kind']> = Omit<Extract<Question, { kind: K }>, 'kind' | 'id'>;

export async function podLog(
  { client, analysis, whose }: LogReading,
  { pod, container, previous }: QuestionOf<'podLog'>,
): Promise<PodLogAnswer> {
  const options = { container, tailLines: excerptLines };
  const keep = { head: 0, tail: 64 * 1024 };
  const { tail } = await client.logEnds(pod, { ...options, previous }, keep).catch(async error => {
    // The instance before may be gone from the node; the present one is then the best there is.
    if (!previous || !isKubeError(error)) throw error;
    return await client.logEnds(pod, options, keep);
  });
  return { kind: 'podLog', tail: await analysis.lastLines(tail, whose) };
}

export async function buildLog(
  { client, analysis, whose }: LogReading,
  { pod, containers }: QuestionOf<'buildLog'>,
): Promise<BuildLogAnswer> {
  const parts: string[] = [];
  for (const container of containers) {
    const text = await client.logEnds(pod, { container }, keptBytes).then(joinedEnds, error => {
      if (isKubeError(error, 'Invalid') || isKubeError(error, 'NotFound')) return ''; // the container never ran
      throw error;
    });
    if (text !== '') parts.push(`=== ${container}\n${text}`);
  }
  const kept = await analysis.keptLog(shortened(parts.join('\n')), endOf(parts.at(-1) ?? ''), whose);
  return { kind: 'buildLog', ...kept };
}

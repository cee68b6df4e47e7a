// Answers each kind of question with what can answer it.
import type { KubeClient } from '@vibed/store/kube';
import type { Analysis, For } from '../analysis/analysis.ts';
import type { AnswerValue, Question } from '../artifact/questions.ts';
import { refOf } from '../artifact/reconcile.ts';
import type { LayersBuilder } from '../builder/layers/build.ts';
import type { Metrics } from '../metrics.ts';
import { deleteImages } from './images.ts';
import { buildLog, podLog } from './logs.ts';
import { probe } from './probe.ts';

export interface AnswerContext {
  client: KubeClient;
  metrics: Pick<Metrics, 'answered'>;
  analysis: Analysis;
  layers: Pick<LayersBuilder, 'answer' | 'ownRegistry'>;
}

export function answerWith(context: AnswerContext) {
  const { metrics } = context;
  return async (question: Question, signal: AbortSignal, key: string): Promise<AnswerValue> => {
    try {
      const value = await answer(question, context, { owner: refOf(key).namespace, signal });
      metrics.answered(question.kind, 'answer');
      return value;
    } catch (error) {
      metrics.answered(question.kind, 'error');
      throw error;
    }
  };
}

function answer(
  question: Question,
  { client, analysis, layers }: AnswerContext,
  whose: For & { signal: AbortSignal },
): Promise<AnswerValue> {
  const { signal } = whose;
  switch (question.kind) {
    case 'probe':
      return probe(question.target, { analysis, ...whose });
    case 'podLog':
      return podLog({ client, analysis, whose }, question);
    case 'layers':
      return layers.answer(question, signal);
    case 'images':
      return deleteImages(layers.ownRegistry(signal), question);
    case 'buildLog':
      return buildLog({ client, analysis, whose }, question);
    default:
      return question satisfies never;
  }
}

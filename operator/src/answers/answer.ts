// Answers each kind of question with what can answer it.
import type { KubeClient } from '@vibed/store/kube';
import type { AnswerValue, Question } from '../artifact/questions.ts';
import type { LayersBuilder } from '../builder/layers/build.ts';
import type { Metrics } from '../metrics.ts';
import { deleteImages } from './images.ts';
import { buildLog, podLog } from './logs.ts';
import { probe } from './probe.ts';

export interface AnswerContext {
  client: KubeClient;
  metrics: Pick<Metrics, 'answered'>;
  layers: Pick<LayersBuilder, 'answer' | 'ownRegistry'>;
}

export function answerWith(context: AnswerContext) {
  const { metrics } = context;
  return async (question: Question, signal: AbortSignal): Promise<AnswerValue> => {
    try {
      const value = await answer(question, context, signal);
      metrics.answered(question.kind, 'answer');
      return value;
    } catch (error) {
      metrics.answered(question.kind, 'error');
      throw error;
    }
  };
}

function answer(question: Question, { client, layers }: AnswerContext, signal: AbortSignal): Promise<AnswerValue> {
  switch (question.kind) {
    case 'probe':
      return probe(question.target, signal);
    case 'podLog':
      return podLog(client, question.pod, question.container, question.previous);
    case 'layers':
      return layers.answer(question, signal);
    case 'images':
      return deleteImages(layers.ownRegistry(signal), question);
    case 'buildLog':
      return buildLog(client, question.pod, question.containers);
    default:
      return question satisfies never;
  }
}

// Answers each kind of question with what can answer it.
import type { KubeClient } from '@vibed/store/kube';
import type { AnswerValue, Question } from '../artifact/questions.ts';
import type { Metrics } from '../metrics.ts';
import { buildLog, podLog } from './logs.ts';
import { probe } from './probe.ts';

export function answerWith(client: KubeClient, metrics: Pick<Metrics, 'answered'>) {
  return async (question: Question, signal: AbortSignal): Promise<AnswerValue> => {
    try {
      const value = await answer(question, client, signal);
      metrics.answered(question.kind, 'answer');
      return value;
    } catch (error) {
      metrics.answered(question.kind, 'error');
      throw error;
    }
  };
}

function answer(question: Question, client: KubeClient, signal: AbortSignal): Promise<AnswerValue> {
  switch (question.kind) {
    case 'probe':
      return probe(question.target, signal);
    case 'podLog':
      return podLog(client, question.pod, question.container, question.previous);
    case 'buildLog':
      return buildLog(client, question.pod, question.containers);
    default:
      return question satisfies never;
  }
}

// The sample apps land on Knative without being told, and go without a trace.
import { expect } from 'vitest';
import { sampleRun } from '../../lib/sample-run.ts';
import { proves, scenario } from '../../lib/scenario.ts';

const samples: Record<string, RegExp> = {
  'express-npm': /"app":"express-npm"/,
  pnpm: /"app":"pnpm"/,
  'ts-server': /"app":"ts-server"/,
  'node-plain': /"app":"node-plain"/,
  'static-nested': /Nested static site/,
  'vite-react': /<div id="root">/,
  'user-dockerfile': /My own Dockerfile/,
  fastapi: /fastapi/i,
  flask: /flask/i,
  'go-module': /go/i,
};

for (const [folder, text] of Object.entries(samples))
  scenario.beside(`${folder} on Knative`, proves('knative.first-choice', 'path.no-orphan'), stage =>
    sampleRun(stage, folder, async (app, state) => {
      expect(state.target).toBe('knative');
      expect(state.conditions.Accepted?.message).toMatch(/auto chose knative/);
      const answer = await app.ask('/');
      expect(answer.status).toBe(200);
      expect(answer.text).toMatch(text);
    }),
  );

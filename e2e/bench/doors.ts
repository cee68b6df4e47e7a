// The api-server's figures, by letter: what the two doors and the event stream cost over the least that could do the same.
import { createThroughDoor } from './doors-create.ts';
import { eventDeliveries } from './doors-events.ts';
import { toolCalls } from './doors-mcp.ts';
import { statusToEvent } from './doors-watch.ts';
import type { Figure } from './figures.ts';
import type { BenchStage } from './stage.ts';

export const doorFigures: Record<string, (stage: BenchStage, options: { pairs: number }) => Promise<Figure>> = {
  m: (_, { pairs }) => toolCalls(pairs),
  p: (stage, { pairs }) => createThroughDoor(stage, pairs),
  s: (_, { pairs }) => eventDeliveries(pairs),
  w: (stage, { pairs }) => statusToEvent(stage, pairs),
};

export const doorHelp = `
  m  MCP tool calls ÷ a bare SDK server with an empty tool                   (~2 min)
  p  create through the API ÷ raw create on the apiserver                    (~2 min)
  s  event deliveries ÷ a naive server that writes JSON for each client      (~1 min)
  w  status written → event at the client − the same through kubectl get -w  (~1 min)`;

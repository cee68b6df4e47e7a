// A scenario in which somebody attacks vibeD from a workspace of their own while a neighbour deploys, watches and is visited.
import { afterAll } from 'vitest';
import type { RequirementId } from '../requirements.ts';
import { theCluster } from './cluster.ts';
import { Neighbour } from './neighbour.ts';
import { type Stage, scenario } from './scenario.ts';

export interface AttackStage extends Stage {
  neighbour: Neighbour;
}

/** The neighbour of the running test file; moves in with its first attack. */
let neighbour: Promise<Neighbour> | undefined;
let isMovingOutPlanned = false;

/** Runs after the attack before it in its file. Fails when `act` fails, and when the neighbour noticed it. */
export function attack(title: string, ids: readonly RequirementId[], act: (stage: AttackStage) => Promise<void>): void {
  if (!isMovingOutPlanned) afterAll(async () => await (await neighbour)?.[Symbol.asyncDispose]());
  isMovingOutPlanned = true;
  scenario(title, ids, async stage => {
    neighbour ??= Neighbour.moveIn(theCluster());
    const living = await neighbour;
    await living.undisturbedBy(() => act({ ...stage, neighbour: living }));
  });
}

// A scenario: one promise, proven from the outside, in a namespace of its own. It cites the requirements it proves; the
// coverage gate (requirements.test.ts) reads these citations.
import { type TestOptions, test } from 'vitest';
import type { RequirementId } from '../requirements.ts';
import { App } from './app.ts';
import { type Cluster, theCluster } from './cluster.ts';
import { dump } from './dump.ts';
import { tenantNamespace } from './namespace.ts';

export interface Stage {
  cluster: Cluster;
  namespace: string;
  app(name: string): App;
}

type Play = (stage: Stage) => Promise<void>;

/** What a scenario proves. */
export const proves = (...ids: RequirementId[]): readonly RequirementId[] => ids;

function play(title: string, act: Play): () => Promise<void> {
  return async () => {
    const cluster = theCluster();
    await using tenant = await tenantNamespace(cluster.client, title);
    try {
      await act({ cluster, namespace: tenant.name, app: name => new App(cluster, tenant.name, name) });
    } catch (error) {
      await dump(cluster, tenant.name);
      throw error;
    }
  };
}

const options: TestOptions = { timeout: 600_000 };

/** Runs after the scenario before it in its file. */
export function scenario(title: string, ids: readonly RequirementId[], act: Play): void {
  test(`${title} [${ids.join(', ')}]`, options, play(title, act));
}

/** Runs beside its neighbours in the file: for scenarios that mostly wait. */
scenario.beside = (title: string, ids: readonly RequirementId[], act: Play): void => {
  test.concurrent(`${title} [${ids.join(', ')}]`, options, play(title, act));
};

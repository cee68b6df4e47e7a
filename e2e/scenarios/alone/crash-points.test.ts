// The operator is killed (−9) before and after each of its writes, and every time the next one must come to the same end: the
// same children, the same status up to times, nothing twice and nothing left over. It runs on this machine, behind a proxy
// that counts (e2e/crash), while the installed one is away; so nothing else may run meanwhile.
import { setTimeout as pause } from 'node:timers/promises';
import { isKubeError, kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { imageByDigest, readFacts } from '../../crash/cluster-inside.ts';
import type { Moment, Write } from '../../crash/counting-proxy.ts';
import { changes, type EndState, endStateOf } from '../../crash/end-state.ts';
import { LocalOperator } from '../../crash/local-operator.ts';
import type { App } from '../../lib/app.ts';
import { artifactOf } from '../../lib/artifact-from.ts';
import { eventually } from '../../lib/eventually.ts';
import { withoutOperator } from '../../lib/operator.ts';
import { proves, type Stage, scenario } from '../../lib/scenario.ts';

const moments: readonly Moment[] = ['before', 'after'];
/** Seconds without a write after which nothing more is to come: longer than the operator's own rechecks. */
const quietSeconds = 3;

/** Something a person does to an Artifact, and what has to come of it. */
interface Step {
  name: string;
  act: () => Promise<unknown>;
  isDone: () => Promise<boolean>;
}

/** What an undisturbed operator makes of a step. */
interface Reference {
  end: EndState;
  writes: readonly string[];
}

const told = ({ method, path, status }: Write) =>
  `${method} ${path.replace(/^\/(api|apis\/[^/]+)\/v[^/]+\//, '')} ${status}`;

async function crashStage(stage: Stage, act: (operator: LocalOperator) => Promise<void>): Promise<void> {
  const hasRails = async () =>
    (await stage.cluster.client.list(kinds.networkPolicy, { namespace: stage.namespace })).items.length;
  await eventually(hasRails, 1 as number);
  await withoutOperator(stage.cluster, async () => {
    await using operator = await LocalOperator.prepare(stage.cluster, [
      stage.namespace,
      '/crashpoint-',
      'vibed-build-environment',
    ]);
    await operator.start();
    await act(operator);
  });
}

/** Resolves when the operator has written nothing for a while. */
async function quiet(operator: LocalOperator): Promise<void> {
  for (let seen = -1; seen !== operator.proxy.writes.length; await pause(quietSeconds * 1000))
    seen = operator.proxy.writes.length;
}

/** Does the step without disturbance; afterwards a new operator finds nothing to write. */
async function undisturbed(operator: LocalOperator, app: App, step: Step): Promise<Reference> {
  operator.proxy.arm();
  await step.act();
  await eventually(step.isDone, true as boolean, { within: 120 });
  await quiet(operator);
  const writes = operator.proxy.writes.map(told);
  const end = await endStateOf(app.cluster, app.namespace, app.name);
  await operator.kill();
  await operator.start();
  await quiet(operator);
  expect(operator.proxy.writes.map(told), `a new operator after ${step.name}`).toEqual([]);
  expect(changes(end, await endStateOf(app.cluster, app.namespace, app.name))).toBe('');
  return { end, writes };
}

type Point = (write: Write, count: number) => boolean;

/** Does the step with a trap at that write; returns where the operator was killed. */
async function disturbed(
  operator: LocalOperator,
  app: App,
  step: Step,
  reference: Reference,
  trap: { at: Point; moment: Moment },
): Promise<Write | undefined> {
  const difference = async () => changes(reference.end, await endStateOf(app.cluster, app.namespace, app.name));
  operator.arm(trap);
  await step.act();
  await eventually(async () => operator.proxy.sprung !== undefined || (await difference()) === '', true as boolean, {
    within: 120,
  });
  const { sprung } = operator.proxy;
  if (sprung === undefined) return undefined;
  await operator.ended();
  await operator.start();
  try {
    await eventually(difference, '', { within: 60 });
  } catch (error) {
    throw new Error(`${step.name}, killed ${trap.moment} ${told(sprung)}: not the same end`, { cause: error });
  }
  return sprung;
}

const image = (ref: string, mode: string) =>
  artifactOf({ image: { ref } }, { name: 'crashpoint', run: { port: 8080, env: [{ name: 'MODE', value: mode }] } });

const serves = (app: App, version: number) => async () => {
  const { phase, current, serving } = await app.state();
  return phase === 'running' && current && serving?.version === version;
};

async function isGone(app: App): Promise<boolean> {
  try {
    await app.read();
    return false;
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return true;
    throw error;
  }
}

const deletion = (app: App): Step => ({
  name: 'delete',
  act: () => app.cluster.client.delete(kinds.artifact, app.ref),
  isDone: () => isGone(app),
});

/** Create, update, delete; each with a kill at its n-th write, for every n that there is. */
async function killedThroughALife(stage: Stage, moment: Moment): Promise<void> {
  const ref = await imageByDigest(readFacts(), 'nginxinc/nginx-unprivileged', '1.22');
  const app = stage.app('crashpoint');
  const life: readonly Step[] = [
    { name: 'create', act: () => app.apply(image(ref, 'one')), isDone: serves(app, 1) },
    { name: 'update', act: () => app.apply(image(ref, 'two')), isDone: serves(app, 2) },
    deletion(app),
  ];
  await crashStage(stage, async operator => {
    const references: Reference[] = [];
    for (const step of life) references.push(await undisturbed(operator, app, step));
    console.log(references.map((r, i) => `${life[i]?.name}:\n  ${r.writes.join('\n  ')}`).join('\n'));
    expect(references[0]?.writes.length).toBeLessThanOrEqual(10);

    for (let n = 1, sprung = true; sprung; n += 1) {
      sprung = false;
      for (const [i, step] of life.entries()) {
        const at: Point = (_, count) => count === n;
        const point = await disturbed(operator, app, step, references[i] as Reference, { at, moment });
        sprung ||= point !== undefined;
      }
    }
  });
}

scenario('killed before each write of a life', proves('operator.crash-points'), stage =>
  killedThroughALife(stage, 'before'),
);
scenario('killed after each write of a life', proves('operator.crash-points'), stage =>
  killedThroughALife(stage, 'after'),
);

/** The writes between which a build stands half made. */
const buildPoints: Record<string, (write: Write) => boolean> = {
  'the Job': ({ method, path }) => method === 'POST' && path.endsWith('/jobs'),
  'its source': ({ method, path }) => method === 'POST' && /vibed-builds\/configmaps$/.test(path),
  'its start': ({ method, path }) => method === 'PATCH' && path.includes('/jobs/'),
  'the record of the version': ({ method, path }) => method === 'POST' && path.endsWith('/controllerrevisions'),
};

scenario('killed in the middle of a build', proves('operator.crash-points'), async stage => {
  const app = stage.app('crashpoint');
  const files = [{ path: 'index.html', content: '<title>crash points</title>' }];
  const create: Step = {
    name: 'build',
    act: () => app.apply(artifactOf({ files }, { name: 'crashpoint', build: { builder: 'buildah' } })),
    isDone: serves(app, 1),
  };
  await crashStage(stage, async operator => {
    const reference = await undisturbed(operator, app, create);
    const gone = await undisturbed(operator, app, deletion(app));
    console.log(`build:\n  ${reference.writes.join('\n  ')}\ndelete:\n  ${gone.writes.join('\n  ')}`);
    expect(reference.writes.length).toBeLessThanOrEqual(15);

    for (const [name, at] of Object.entries(buildPoints))
      for (const moment of moments) {
        const point = await disturbed(operator, app, create, reference, { at, moment });
        expect(point, name).toBeDefined();
        await disturbed(operator, app, deletion(app), gone, { at: () => false, moment });
      }
  });
});

// One Artifact as a scenario speaks of it: applied, watched, asked over HTTP.
import {
  type Artifact,
  type ArtifactSpec,
  type ArtifactStatus,
  annotations,
  type Condition,
  type ConditionType,
} from '@vibed/crds';
import { isKubeError, type KubeObject, kinds, onceCounted } from '@vibed/store/kube';
import { allChildren, buildLogOf } from './children.ts';
import type { Cluster } from './cluster.ts';
import type { Partially } from './differences.ts';
import { eventually, Hopeless, type Patience } from './eventually.ts';
import { type Answer, get } from './http.ts';
import { SteadyProbe } from './steady-probe.ts';

/** The status, with conditions by type, and whether it speaks of the present spec. */
export interface AppState extends Omit<ArtifactStatus, 'conditions'> {
  current: boolean;
  conditions: Partial<Record<ConditionType, Condition>>;
}

export interface Wait extends Patience {
  /** Wait on although the phase is failed: a retry is about to begin. */
  evenIfFailed?: boolean;
}

/** Long enough for a build behind two others on a slow machine. */
const buildPatience = 300;

export class App {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly name: string;

  constructor(cluster: Cluster, namespace: string, name: string) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.name = name;
  }

  get ref() {
    return { namespace: this.namespace, name: this.name };
  }

  /** Creates or updates; what an earlier apply had and this one has not is gone. */
  async apply(artifact: Artifact): Promise<Artifact> {
    const metadata = { ...artifact.metadata, namespace: this.namespace, name: this.name };
    const object = { ...artifact, metadata } as KubeObject;
    return (await onceCounted(() => this.cluster.client.apply(kinds.artifact, object), 120_000)) as Artifact;
  }

  async patchSpec(spec: object): Promise<Artifact> {
    return (await this.cluster.client.mergePatch(kinds.artifact, this.ref, { spec })) as Artifact;
  }

  async retry(value: string): Promise<void> {
    await this.cluster.client.mergePatch(kinds.artifact, this.ref, {
      metadata: { annotations: { [annotations.retry]: value } },
    });
  }

  async read(): Promise<Artifact> {
    return (await this.cluster.client.get(kinds.artifact, this.ref)) as Artifact;
  }

  async uid(): Promise<string> {
    return (await this.read()).metadata.uid ?? '';
  }

  async state(): Promise<AppState> {
    return stateOf(await this.read());
  }

  /** Waits for a state; gives up at once when it settled at the other end: failed instead of running, or running instead of failed. */
  async reaches(wanted: Partially<AppState>, wait: Wait = {}): Promise<AppState> {
    const goal = 'phase' in wanted ? wanted.phase : undefined;
    const look = async () => {
      const state = await this.state();
      const settled = state.current && wait.evenIfFailed !== true ? state.phase : undefined;
      if (goal === 'running' && settled === 'failed') throw new Hopeless(`${this.name} failed: ${told(state)}`);
      if (goal === 'failed' && settled === 'running') throw new Hopeless(`${this.name} runs, and was meant to fail`);
      return state;
    };
    return await eventually(look, wanted, { within: buildPatience, ...wait });
  }

  async runs(wait: Wait = {}): Promise<AppState> {
    return await this.reaches({ current: true, phase: 'running', url: /^https?:/ }, wait);
  }

  /** Asks over the ingress, at the URL of the status. */
  async ask(path = '/'): Promise<Answer> {
    return await this.askAt(await this.url(), path);
  }

  /** The same at a URL that the status may have ceased to give. */
  async askAt(url: string, path = '/'): Promise<Answer> {
    return await get(url, path, { port: this.cluster.ingressPort });
  }

  async steadyProbe(path = '/'): Promise<SteadyProbe> {
    return new SteadyProbe(await this.url(), path, { port: this.cluster.ingressPort });
  }

  async url(): Promise<string> {
    const { url } = await this.state();
    if (url === undefined) throw new Error(`${this.name} has no URL`);
    return url;
  }

  /** `kind namespace/name` of everything that carries this artifact's uid. */
  async children(): Promise<string[]> {
    return await allChildren(this.cluster, this.namespace, await this.uid());
  }

  async buildLog(version: number): Promise<string> {
    return await eventually(async () => buildLogOf(this.cluster, this.namespace, await this.uid(), version), /./, {
      within: 20,
    });
  }

  /** The spec that a version's record holds. */
  async recordedSpec(version: number): Promise<ArtifactSpec> {
    const ref = { namespace: this.namespace, name: `${this.name}-v${version}` };
    const record = await this.cluster.client.get<KubeObject & { data?: { spec?: ArtifactSpec } }>(
      kinds.controllerRevision,
      ref,
    );
    if (record.data?.spec === undefined) throw new Error(`the record of version ${version} holds no spec`);
    return record.data.spec;
  }

  /** Deletes and waits until the artifact is gone. */
  async delete(): Promise<void> {
    await this.cluster.client.delete(kinds.artifact, this.ref);
    await eventually(() => this.#exists(), false as boolean, { within: 120 });
  }

  async #exists(): Promise<boolean> {
    try {
      await this.read();
      return true;
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return false;
      throw error;
    }
  }
}

export function stateOf(artifact: Artifact): AppState {
  const { conditions = [], ...status } = artifact.status ?? {};
  return {
    ...status,
    current: status.observedGeneration === artifact.metadata.generation,
    conditions: Object.fromEntries(conditions.map(c => [c.type, c])),
  };
}

function told({ failure }: AppState): string {
  if (failure === undefined) return 'no failure is recorded';
  return `${failure.reason}: ${failure.message}\n${failure.excerpt ?? ''}`;
}

// The Deployer port: what runs, and which of it gets the traffic, is said as one wish; an adapter turns it into objects and
// reads the objects back. Adapters are pure: nothing here talks to a cluster.
import type { ConcreteTarget, Reason } from '@vibed/crds';
import type { CompactSpec, VersionRecord } from '@vibed/store';
import type { Kind } from '@vibed/store/kube';
import type { Owner } from '../artifact/identity.ts';
import type { Child, Stale } from '../artifact/outcome.ts';
import type { ProbeTarget } from '../artifact/questions.ts';
import type { Children, Pod } from '../artifact/world.ts';

/** A version as the deployer sees it: recorded, or about to be. */
export type Version = Pick<VersionRecord, 'hash' | 'version' | 'build' | 'template' | 'spec' | 'target'>;

/** What one target is to do for an Artifact; every version in it is of this target. */
export interface Wish {
  /** Kept running, the serving one first; empty: nothing of this target is wanted. */
  run: readonly Version[];
  /** The one that the Artifact's host leads to; undefined: this target has no part in it (yet, or any more). */
  traffic: Version | undefined;
  /** All recorded versions: a target that can gives each a URL of its own. */
  recorded: readonly Version[];
  exposure: Exposure;
  /** Kinds with a CRD that this cluster serves. */
  served: ReadonlySet<Kind>;
}

export interface Exposure {
  public: boolean;
}

export type Readiness =
  | { state: 'progressing'; message: string }
  /** It takes requests; `pod` is whose log tells why it answers badly (none while it is scaled to zero). */
  | { state: 'ready'; probe: ProbeTarget; pod: Pod | undefined }
  | {
      state: 'failed';
      reason: Reason;
      message: string;
      remedy: string;
      log?: { pod: Pod; container: string; previous: boolean };
    };

/** One message from the wish to the first answer: every change of words is a write. */
export const starting: Readiness = { state: 'progressing', message: 'the app is starting' };

/** Something outside moves; `awaits` says what, in words that stay the same until it has. */
export interface Awaited {
  awaits: string;
}
export const trafficMoves: Awaited = { awaits: 'traffic moves to the new version' };

/** A right the operator needs for this target; the ClusterRole is made from these. */
export interface Rule {
  apiGroups: readonly string[];
  resources: readonly string[];
  verbs: readonly string[];
}

export interface Deployer {
  target: ConcreteTarget;
  rights: readonly Rule[];
  /** The pod template of a new version; recorded with it. */
  template(owner: Owner, version: Omit<Version, 'template'>): unknown;
  /** The objects that make the wish true. What is there already may decide how (a template that may not change any more). */
  desired(owner: Owner, wish: Wish, children: Children): readonly Child[];
  /** What this target has beyond the wish. */
  surplus(owner: Owner, wish: Wish, children: Children): readonly Stale[];
  readiness(owner: Owner, children: Children, version: Version): Readiness;
  /** Where the probe asks, once the cluster shows that traffic goes to this version; until then, what is awaited. */
  routeProbe(owner: Owner, children: Children, version: Version, exposure: Exposure): ProbeTarget | Awaited;
  url(owner: Owner, children: Children, exposure: Exposure): string;
}

/** Port of an app: where the image surely listens, else what the spec asks, else what the build found, else 8080. */
export function portOf(spec: CompactSpec, build: VersionRecord['build']): number {
  return build.fixedPort ?? spec.run?.port ?? build.port ?? 8080;
}

/** The path a version is asked at, and how strictly. */
export function questionOf({ spec }: Pick<Version, 'spec'>): { path: string; strict: boolean } {
  const path = spec.run?.health?.path;
  return { path: path ?? '/', strict: path !== undefined };
}

/** Seconds of `90s`, `10m` or `1h`; undefined for undefined. */
export function secondsOf(duration: string | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const unit = { s: 1, m: 60, h: 3600 }[duration.slice(-1)] ?? 1;
  return Number.parseInt(duration, 10) * unit;
}

/** How long a version may take to listen. */
export const startupSeconds = ({ spec }: Pick<Version, 'spec'>): number =>
  Math.max(2, secondsOf(spec.run?.health?.startupTimeout) ?? 120);

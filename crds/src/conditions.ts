// Conditions are positive and always in this order. What True, False and Unknown mean is written beside each type; the
// reasons are written once, here, and the same words reach conditions, events, MCP and the dashboard.
import type { Condition, Phase } from './status.ts';

/**
 * - Accepted:  True: the spec can be acted on. Unknown: something it names is awaited. False: it must be changed.
 * - Built:     True: an image for this build key is known. Unknown: queued or building. False: the build failed.
 * - Deployed:  True: the workload of this version runs and is ready. Unknown: starting. False: it could not start.
 * - Ready:     True: this generation is verified and promoted (or was already serving), or is stopped as its spec says. False: it failed.
 * - Available: True: some verified version answers at status.url. False: none does.
 * - Reconciling, Stalled (kstatus): present only while True: work goes on; work stopped and needs a person.
 */
export const conditionTypes = [
  'Accepted',
  'Built',
  'Deployed',
  'Ready',
  'Available',
  'Reconciling',
  'Stalled',
] as const;
export type ConditionType = (typeof conditionTypes)[number];

/** Why something is not (yet) done. `waits` reasons resolve by themselves, the others need a person. */
export const reasons = {
  // accept
  Accepted: 'The spec can be acted on.',
  Invalid: 'The spec breaks a rule that admission normally enforces.',
  LimitExceeded: 'The spec asks for more than the settings of vibeD allow.',
  NamespaceRefused: 'The namespace is not a tenant namespace.',
  SourceNotAllowed: 'The operator’s settings do not allow this kind of source.',
  TargetUnavailable: 'The named target is not installed in this cluster; it starts by itself when it appears.',
  Suspended: 'spec.suspend is set.',
  Expired: 'spec.expiresAt has passed.',
  // build
  Built: 'The image of this build key is known.',
  BuildQueued: 'The build waits for its turn.',
  Building: 'The build runs.',
  SourceInvalid: 'The source breaks a limit or has an unsafe path.',
  SourceTooComplex: 'Finding out how the source is built took more time or memory than its limit.',
  SourceUnavailable: 'The source could not be read.',
  GitAuthFailed: 'The git server refused the credentials.',
  GitRefNotFound: 'The git server does not have this ref.',
  SecretMissing: 'A Secret that the spec names, or its key, does not exist in this namespace.',
  SecretNotReadable: 'The operator has not been given the right to read this Secret.',
  LanguageUnknown: 'Nothing in the tree says how to build it.',
  DockerfileMissing: 'The Dockerfile that the spec names is not in the source.',
  EntrypointMissing: 'Nothing in the tree says how to start it.',
  VersionUnavailable: 'The source asks for a version of its language that no configured base has.',
  DependencyMissing: 'A dependency is missing, or could not be installed.',
  HostRefused: 'The build tried to reach a host that builds may not reach.',
  BaseUnavailable: 'The base image that FROM names could not be read.',
  BuildFailed: 'A step of the build failed.',
  BuilderUnfit: 'The builder that the spec asks for cannot build this source.',
  DiskFull: 'The build wrote more than its limit.',
  BuildTimeout: 'The build ran longer than its limit.',
  RegistryUnavailable: 'The registry did not take the image.',
  // deploy
  Deploying: 'The new version is starting.',
  ImagePullFailed: 'The node could not pull the image.',
  CrashLoop: 'The app exits again and again.',
  WrongPort: 'The app runs, but not on the port that vibeD asks.',
  NeedsRoot: 'The image needs to run as root, which this cluster does not allow.',
  OutOfMemory: 'The app used more memory than its limit.',
  QuotaExceeded: 'The namespace’s quota has no room for the app.',
  PodRefused: 'The cluster refused the pod.',
  StartTimeout: 'The app did not become ready in time.',
  NotOwned: 'An object of the name that vibeD needs exists and is not this Artifact’s.',
  // verify
  Verifying: 'The new version is ready and is being probed.',
  ProbeFailed: 'The app answers with an error.',
  RouteMissing: 'The ingress does not know the app’s host.',
  Verified: 'This version answered and receives the traffic.',
  Unavailable: 'No verified version answers.',
  Stopped: 'The app is stopped.',
  Deleting: 'The Artifact is being deleted.',
  ChildrenLeft: 'The Artifact is gone, but objects with its labels could not be removed.',
  ImagesLeft: 'The Artifact is gone, but the registry did not delete its images.',
  Progressing: 'Work goes on.',
} as const;
export type Reason = keyof typeof reasons;

/** The one summary for people; recomputed from the conditions each time and never read back. */
export function phaseOf(conditions: readonly Condition[], deleting: boolean): Phase {
  const of = (type: ConditionType) => conditions.find(c => c.type === type);
  if (deleting) return 'deleting';
  const ready = of('Ready');
  if (ready?.reason === 'Suspended' || ready?.reason === 'Expired') return 'suspended';
  if (of('Stalled')?.status === 'True') return 'failed';
  if (ready?.status === 'True') return of('Available')?.status === 'False' ? 'failed' : 'running';
  if (of('Accepted')?.status !== 'True') return 'pending';
  if (of('Built')?.status !== 'True') return of('Built')?.reason === 'BuildQueued' ? 'pending' : 'building';
  return 'deploying';
}

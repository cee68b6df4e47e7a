// How a version does on Knative, read from its Revision, its pods, and what the Route says about itself in the Knative Service.
import { type Owner, versionLabel } from '../artifact/identity.ts';
import { names, urlOf, urlOfHost } from '../artifact/names.ts';
import type { ProbeTarget } from '../artifact/questions.ts';
import type { Children, Pod } from '../artifact/world.ts';
import { dialled, isInside, type Settings } from '../settings.ts';
import {
  type Awaited,
  type Exposure,
  portOf,
  questionOf,
  type Readiness,
  starting,
  trafficMoves,
  type Version,
} from './deployer.ts';
import {
  conditionOf,
  isObserved,
  isReadyRevision,
  type KnativeRevision,
  type KnativeService,
  type TrafficTarget,
} from './knative-objects.ts';
import {
  firstSentence,
  isReady,
  overdueProblem,
  type PodProblem,
  problemOf,
  refusedPodProblem,
} from './pod-problems.ts';

export const serviceOf = (owner: Owner, children: Children): KnativeService | undefined =>
  children.knativeServices.find(s => s.metadata.name === names.knativeService(owner));

export function knativeReadiness(owner: Owner, children: Children, version: Version, settings: Settings): Readiness {
  const name = names.knativeRevision(owner, version.hash);
  const revision = children.knativeRevisions.find(r => r.metadata.name === name);
  const service = serviceOf(owner, children);
  const pods = children.pods.filter(p => p.metadata.labels?.[versionLabel] === version.hash);
  if (isReadyRevision(revision)) {
    const tagged = service?.status?.traffic?.find(t => t.revisionName === name && t.tag !== undefined);
    const url = readable(tagged?.url);
    if (url === undefined) return failedIf(routeProblem(service));
    return { state: 'ready', pod: pods.find(isReady), probe: askAt(url, version, settings) };
  }
  if (revision === undefined) return failedIf(configurationProblem(service, name));
  if (!isObserved(revision)) return starting;
  return failedIf(problemOf(pods) ?? revisionProblem(revision, pods, version));
}

const failedIf = (problem: PodProblem | undefined): Readiness =>
  problem === undefined ? starting : { state: 'failed', ...problem };

/** A URL of a status; undefined for text that is none, as a status that somebody else wrote may hold. */
const readable = (url: string | undefined): string | undefined =>
  url !== undefined && URL.canParse(url) ? url : undefined;

/** Where this version is asked by its own URL: through the gateway, or, inside the cluster, at the Service of that name. */
function askAt(said: string, version: Version, settings: Settings): ProbeTarget {
  const url = new URL(said);
  return {
    address: dialled(url, 'knative', settings),
    host: url.host,
    scheme: isInside(url) ? 'http' : settings.apps.scheme,
    routed: true,
    ...questionOf(version),
  };
}

/** What a Revision says of itself where its pods say nothing (none was made, or they are gone). */
function revisionProblem(revision: KnativeRevision, pods: readonly Pod[], version: Version): PodProblem | undefined {
  const resources = conditionOf(revision, 'ResourcesAvailable');
  const container = conditionOf(revision, 'ContainerHealthy');
  const reason = [resources, container].find(c => c?.status === 'False');
  if (reason === undefined) return undefined;
  const message = reason.message ?? '';
  switch (reason.reason) {
    case 'ContainerMissing':
      return {
        reason: 'ImagePullFailed',
        message: `the image could not be resolved: ${firstSentence(message)}`,
        remedy: 'Check that the image exists at this digest and that Knative may read its registry.',
      };
    case 'ProgressDeadlineExceeded':
      return overdueProblem(pods, portOf(version.spec, version.build));
    case 'FailedCreate':
      return refusedPodProblem(message);
    default:
      // Exit codes and pull errors pass through here while pods still try; their own statuses decide, until there are none.
      return pods.length > 0 ? undefined : overdueProblem(pods, portOf(version.spec, version.build));
  }
}

/** Knative took the Service and could not make the Revision from it. */
function configurationProblem(service: KnativeService | undefined, name: string): PodProblem | undefined {
  if (service?.spec?.template?.metadata?.name !== name || !isObserved(service)) return undefined;
  const condition = conditionOf(service, 'ConfigurationsReady');
  if (condition?.status !== 'False') return undefined;
  return {
    reason: condition.reason === 'NotOwned' ? 'NotOwned' : 'PodRefused',
    message: `Knative could not make the revision: ${firstSentence(condition.message ?? '')}`,
    remedy: 'The message says what stands in the way; remove it, or give the Artifact another name.',
  };
}

/** Somebody else has an object of a name that the Route needs. */
function routeProblem(service: KnativeService | undefined): PodProblem | undefined {
  if (service === undefined || !isObserved(service)) return undefined;
  const condition = conditionOf(service, 'RoutesReady');
  if (condition?.status !== 'False' || condition.reason !== 'NotOwned') return undefined;
  return {
    reason: 'NotOwned',
    message: `Knative could not make the route: ${firstSentence(condition.message ?? '')}`,
    remedy: 'Rename or delete the object that the message names, or give the Artifact another name.',
  };
}

export function knativeRouteProbe(
  owner: Owner,
  children: Children,
  version: Version,
  settings: Settings,
): ProbeTarget | Awaited {
  // The Kubernetes target's route still holds the host; the one that answers would not be this version.
  if (children.ingresses.length + children.httpRoutes.length > 0) return trafficMoves;
  const service = serviceOf(owner, children);
  const url = readable(service?.status?.url);
  if (service === undefined || url === undefined || !isObserved(service)) return trafficMoves;
  if (conditionOf(service, 'RoutesReady')?.status !== 'True') return trafficMoves;
  const name = names.knativeRevision(owner, version.hash);
  const hasAll = (t: TrafficTarget) => t.revisionName === name && t.percent === 100;
  if (!service.status?.traffic?.some(hasAll)) return trafficMoves;
  return askAt(url, version, settings);
}

/** The host is what Knative's domain template makes of our name; until it is told, what it makes of it when set as documented. */
export function knativeUrl(owner: Owner, children: Children, exposure: Exposure, { apps }: Settings): string {
  const url = readable(serviceOf(owner, children)?.status?.url);
  if (!exposure.public) return url ?? `http://${names.knativeService(owner)}.${owner.namespace}.svc.cluster.local`;
  return url === undefined ? urlOf(owner, apps) : urlOfHost(new URL(url).host, apps);
}

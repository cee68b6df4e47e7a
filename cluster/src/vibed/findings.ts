// What a check found, and what to do where something is missing. Pure: pods, logs and answers in, findings out.
import type { Settings } from '../../../operator/src/settings.ts';
import type { ProbeResult } from './probe.ts';

export interface Finding {
  readonly name: string;
  /** `warn` is what vibeD runs without, and somebody will miss. */
  readonly verdict: 'ok' | 'warn' | 'missing';
  readonly detail: string;
  readonly remedy?: string;
}

export interface PodState {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { type: string; status: string; message?: string }[];
    readonly containerStatuses?: readonly {
      readonly state?: {
        readonly waiting?: { readonly reason?: string; readonly message?: string };
        readonly running?: object;
        readonly terminated?: { readonly exitCode: number };
      };
    }[];
  };
}

/** Three states of a pod as the check sees it: on its way, started, or never starting with this message. */
export type Start = { readonly state: 'waiting' | 'started' } | { readonly state: 'stuck'; readonly why: string };

const STUCK = /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|Create.*Error|RunContainerError)$/;

export function startOf({ status }: PodState): Start {
  const state = status?.containerStatuses?.[0]?.state;
  if (state?.running !== undefined || state?.terminated !== undefined) return { state: 'started' };
  const { reason = '', message = '' } = state?.waiting ?? {};
  return STUCK.test(reason) ? { state: 'stuck', why: `${reason}: ${message}` } : { state: 'waiting' };
}

/** Why a pod that did not start in time did not. */
export function lateReason({ status }: PodState): string {
  const unscheduled = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  return unscheduled?.message ?? (waiting?.message || waiting?.reason) ?? `still ${status?.phase ?? 'unknown'}`;
}

export function pullFinding(image: string, why: string | undefined): Finding {
  const name = 'registry from a node';
  if (why === undefined) return { name, verdict: 'ok', detail: image };
  const host = image.split('/')[0];
  const remedy = /http: server gave HTTP response to HTTPS client/.test(why)
    ? `the nodes ask ${host} by https: tell their runtime that it is plain http (containerd: certs.d/${host}/hosts.toml; k3s: registries.yaml)`
    : /unauthorized|401|403|denied/i.test(why)
      ? `let the nodes pull from ${host} without an imagePullSecret (a node credential provider, or a login in the configuration of their runtime)`
      : `the nodes must reach ${host}; where they know it by another name: VIBED_REGISTRY_PULL=host:port`;
  return { name, verdict: 'missing', detail: `${image}: ${why}`, remedy };
}

/** What the registry lets somebody do who shows no login. */
export interface AnonymousAccess {
  readonly reads: boolean;
  readonly writes: boolean;
}

/** `accepted`: the owner of the cluster has said that it may be so. */
export function anonymousFinding({ reads, writes }: AnonymousAccess, accepted: boolean): Finding {
  const name = 'registry logins';
  if (!reads && !writes) return { name, verdict: 'ok', detail: 'a request without a login is refused' };
  const open = [...(reads ? ['read'] : []), ...(writes ? ['overwritten'] : [])].join(' and ');
  const remedy =
    'let the registry refuse requests without a login; VIBED_REGISTRY_AUTH is a login that may push, and nodes get one that may pull ' +
    '(a node credential provider, or the configuration of their runtime). VIBED_REGISTRY_OPEN=1 accepts it where nobody else uses the cluster';
  const detail = `without a login, every app and every build: images of all workspaces can be ${open}`;
  return { name, verdict: accepted ? 'warn' : 'missing', detail, remedy };
}

export function podSecurityFinding(refusal: string | undefined): Finding {
  const name = 'pod security';
  if (refusal !== undefined && /violates PodSecurity/.test(refusal))
    return { name, verdict: 'ok', detail: 'restricted is enforced' };
  const detail = refusal === undefined ? 'a privileged pod is admitted where restricted is enforced' : refusal;
  const remedy = 'enable the admission plugin PodSecurity (kube-apiserver; on by default since Kubernetes 1.25)';
  return { name, verdict: 'missing', detail, remedy };
}

const USER_NAMESPACES =
  'Kubernetes ≥ 1.33, containerd ≥ 2 and runc ≥ 1.2 (or crun) have them; to do without: VIBED_SETTINGS_FILE with builds: {hostUsers: true}';

/** A build pod that never started. */
export function buildStuckFinding(why: string, { builds }: Settings): Finding {
  if (/user namespace|userns|idmap/i.test(why))
    return { name: 'user namespaces', verdict: 'missing', detail: why, remedy: USER_NAMESPACES };
  const remedy = /^(Err)?Image|pull/i.test(why)
    ? `${builds.image} must be an image that the nodes can pull: VIBED_BUILDAH_IMAGE names another one`
    : 'build pods are root in a user namespace, with the capabilities that Pod Security baseline admits: no other policy may refuse them';
  return { name: 'buildah', verdict: 'missing', detail: why, remedy };
}

/** `log` of the build pod, `code` its exit code; undefined when it did not end in time. */
export function buildFindings(log: string, code: number | undefined, { builds }: Settings): readonly Finding[] {
  const version = /version (\S+)/.exec(log)?.[1];
  const outside = /uid map: *0 +(\d+)/.exec(log)?.[1];
  const users: Finding =
    builds.hostUsers || outside === undefined
      ? {
          name: 'user namespaces',
          verdict: 'warn',
          detail: 'not asked for (builds.hostUsers: true): root of a build is root on the node',
        }
      : outside === '0'
        ? {
            name: 'user namespaces',
            verdict: 'missing',
            detail: 'hostUsers: false has no effect: root in the pod is root on the node',
            remedy: USER_NAMESPACES,
          }
        : { name: 'user namespaces', verdict: 'ok', detail: `root of a build is uid ${outside} on the node` };
  const built = log.includes('\nbuilt');
  const build: Finding = built
    ? { name: 'buildah', verdict: 'ok', detail: `${version} built an image without privileges` }
    : {
        name: 'buildah',
        verdict: 'missing',
        detail: `${code === undefined ? 'did not end in 2 minutes' : `ended with ${code}`}: ${log.trim().split('\n').slice(-3).join(' · ')}`,
        remedy:
          'overlay mounts in a user namespace need Linux ≥ 5.11, and seccomp must not forbid unshare and mount to these pods',
      };
  return outside === undefined && !built ? [build] : [users, build, ...policyFindings(log)];
}

/** What the build pod says of its way out, which a policy shuts. */
function policyFindings(log: string): readonly Finding[] {
  const name = 'network policies';
  const [, way] = /^way out: (open|shut)$/m.exec(log) ?? [];
  if (way === undefined) return [];
  if (way === 'shut') return [{ name, verdict: 'ok', detail: 'are enforced' }];
  const detail = 'are not enforced: apps and builds reach each other, the kube-apiserver and the networks of the nodes';
  return [
    {
      name,
      verdict: 'warn',
      detail,
      remedy: 'use a network plugin that enforces NetworkPolicies (Calico, Cilium and others)',
    },
  ];
}

const NAMES = {
  dns: 'cluster DNS',
  registry: 'registry from a pod',
  base: 'base images',
  packages: 'packages',
  ingress: 'ingress',
} as const satisfies Record<ProbeResult['name'], string>;

function remedyOf({ name }: ProbeResult, { apps, registry }: Settings): string {
  switch (name) {
    case 'dns':
      return 'pods cannot resolve kubernetes.default.svc: is CoreDNS running, and does the kubelet name it (clusterDNS)?';
    case 'registry':
      return `build pods must reach ${registry.push}: VIBED_REGISTRY=URL as pods know it`;
    case 'base':
      return 'builds read their base images there: open the way, or name a mirror in builds.baseRegistries (VIBED_SETTINGS_FILE)';
    case 'packages':
      return 'builds that install packages will fail: set builds.network (proxy, indexes) in VIBED_SETTINGS_FILE, and VIBED_CA for a proxy that signs by itself';
    case 'ingress':
      return `${apps.probeVia} must lead to apps by Ingress class ${apps.ingressClass ?? '(the default)'}: VIBED_INGRESS_ADDRESS and VIBED_INGRESS_CLASS name others; tenants.ingressNamespaces in VIBED_SETTINGS_FILE names the controller’s namespace, where the address does not`;
  }
}

/** Without packages from outside vibeD still serves static sites and whatever is vendored. */
export function probeFinding(result: ProbeResult, settings: Settings): Finding {
  const { detail, name } = result;
  if (result.ok) return { name: NAMES[name], verdict: 'ok', detail };
  const verdict = name === 'packages' ? 'warn' : 'missing';
  return { name: NAMES[name], verdict, detail, remedy: remedyOf(result, settings) };
}

/** One line per finding, and one more for what to do. */
export function linesOf({ name, verdict, detail, remedy }: Finding): string {
  const line = `  ${verdict.padEnd(7)}  ${name.padEnd(20)}  ${detail}`;
  return remedy === undefined || verdict === 'ok' ? line : `${line}\n${' '.repeat(11)}→ ${remedy}`;
}

// The pods that a check starts: one as an app will run, which also looks around, and one as a build will run.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { workspacePolicy } from '../../../operator/src/network/policies.ts';
import type { Settings } from '../../../operator/src/settings.ts';
import type { ProbeInput } from './probe.ts';

export interface Scratch {
  readonly namespace: string;
  readonly buildNamespace: string;
  /** What the app answers, and the first label of its host. */
  readonly word: string;
}

export const hostOf = ({ word }: Scratch, { apps }: Settings): string => `${word}.${apps.domain}`;

export function probeInput(scratch: Scratch, settings: Settings): ProbeInput {
  const { network, baseRegistries } = settings.builds;
  const bases = Object.entries(baseRegistries).map(([host, { url }]) => [host, url]);
  const proxy = {
    ...(network.httpProxy !== undefined && { HTTP_PROXY: network.httpProxy }),
    ...(network.httpsProxy !== undefined && { HTTPS_PROXY: network.httpsProxy }),
    ...(network.noProxy !== undefined && { NO_PROXY: network.noProxy }),
  };
  const { scheme, probeVia } = settings.apps;
  return {
    word: scratch.word,
    registry: settings.registry.push,
    bases: Object.fromEntries(bases),
    packages: network.npmRegistry ?? 'https://registry.npmjs.org/',
    proxy,
    ingress: { scheme, address: probeVia, host: hostOf(scratch, settings) },
  };
}

/** Pod, Service and Ingress as an app has them. `image` has Node 24. */
export async function appObjects(scratch: Scratch, settings: Settings, image: string, ca: string | undefined) {
  const { namespace, word } = scratch;
  const labels = { app: 'check' };
  const source = await readFile(join(import.meta.dirname, 'probe.ts'), 'utf8');
  const env = [
    { name: 'VIBED_PROBE', value: JSON.stringify(probeInput(scratch, settings)) },
    ...(ca === undefined ? [] : [{ name: 'NODE_EXTRA_CA_CERTS', value: '/ca/ca.crt' }]),
  ];
  const container = {
    name: 'app',
    image,
    command: ['node', '--input-type=module-typescript', '-e', source],
    env,
    ports: [{ containerPort: 8080 }],
    resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    ...(ca !== undefined && { volumeMounts: [{ name: 'ca', mountPath: '/ca' }] }),
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'app', namespace, labels },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container],
      ...(ca !== undefined && { volumes: [{ name: 'ca', configMap: { name: 'ca' } }] }),
    },
  };
  const trusted = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ca', namespace }, data: { 'ca.crt': ca } };
  return [
    ...(ca === undefined ? [] : [trusted]),
    asInAWorkspace(namespace, settings),
    pod,
    ...way(namespace, labels, hostOf({ ...scratch, word }, settings), settings),
  ];
}

/** Lets in what a workspace lets in, so that an ingress controller that the settings do not know of is found out. */
function asInAWorkspace(namespace: string, settings: Settings): object {
  const { podSelector, ingress } = workspacePolicy(settings);
  return policy(namespace, { podSelector, policyTypes: ['Ingress'], ingress });
}

const policy = (namespace: string, spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'check', namespace },
  spec,
});

function way(namespace: string, selector: object, host: string, { apps }: Settings): readonly object[] {
  const backend = { service: { name: 'app', port: { number: 80 } } };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'app', namespace },
      spec: { selector, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'app', namespace },
      spec: {
        ...(apps.ingressClass !== undefined && { ingressClassName: apps.ingressClass }),
        ...(apps.scheme === 'https' && { tls: [{ hosts: [host] }] }),
        rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    },
  ];
}

// An image from nothing is enough to need the user namespace, the overlay mount and the rights of a build.
const BUILD = `set -e
echo "uid map: $(tr -s ' ' < /proc/self/uid_map | head -n 1)"
buildah --version
cd "$(mktemp -d)"
printf 'FROM scratch\\nCOPY file /file\\n' > Dockerfile
echo content > file
buildah build --layers --isolation chroot --tag check . > /dev/null
echo built
# The policy of this namespace lets nothing out. Network plugins may need a moment until they know a new pod.
way=open
for try in 1 2 3 4 5; do
  timeout 4 bash -c 'exec 3<>"/dev/tcp/$KUBERNETES_SERVICE_HOST/$KUBERNETES_SERVICE_PORT"' 2> /dev/null || { way=shut; break; }
  sleep 1
done
echo "way out: $way"
`;

/** What a build container may, exactly (operator/src/builder/buildah.ts; Pod Security baseline's list). */
export const CAPABILITIES =
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT';

export const shutOff = ({ buildNamespace }: Scratch): object =>
  policy(buildNamespace, { podSelector: {}, policyTypes: ['Egress'] });

export function buildPod({ buildNamespace }: Scratch, { builds }: Settings): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'build', namespace: buildNamespace },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      hostUsers: builds.hostUsers,
      containers: [
        {
          name: 'build',
          image: builds.image,
          command: ['sh', '-c', BUILD],
          env: [
            { name: 'BUILDAH_ISOLATION', value: 'chroot' },
            { name: 'STORAGE_DRIVER', value: 'overlay' },
          ],
          resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '512Mi' } },
          securityContext: {
            runAsUser: 0,
            runAsNonRoot: false,
            privileged: false,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'], add: CAPABILITIES.split(' ') },
          },
          volumeMounts: [
            { name: 'storage', mountPath: '/var/lib/containers' },
            { name: 'tmp', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [
        { name: 'storage', emptyDir: {} },
        { name: 'tmp', emptyDir: {} },
      ],
    },
  };
}

/** A pod that Pod Security *restricted* must refuse. */
export function forbiddenPod({ namespace }: Scratch): object {
  const container = { name: 'root', image: 'scratch', securityContext: { privileged: true } };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'root', namespace }, spec: { containers: [container] } };
}

// A DaemonSet that has every node pull the bases of the settings before an app needs them; optional:
//
//   node operator/src/registry/pre-pull.ts settings.yaml | kubectl apply -f -
//
// Apply it again after the bases were pinned anew. Each image is an init container that ends at once; the last one only stays.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { readSettings, type Settings } from '../settings.ts';

const name = 'vibed-pre-pull';
const labels = { 'app.kubernetes.io/name': 'vibed', 'app.kubernetes.io/component': 'pre-pull' };
const security = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
const resources = { requests: { cpu: '1m', memory: '8Mi' }, limits: { memory: '32Mi' } };

export function prePullDaemonSet({ builds }: Settings): object {
  const { node, python, go, static: pages, debian } = builds.bases;
  const images = [...new Set([...[...node, ...python, ...go].map(({ image }) => image), pages, debian])];
  const container = (image: string, as: string, command: string[]) => ({
    name: as,
    image,
    command,
    resources,
    securityContext: security,
  });
  const spec = {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
    initContainers: images.map((image, i) => container(image, `pull-${i}`, ['true'])),
    containers: [container(debian, 'stay', ['sleep', 'infinity'])],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace: builds.installNamespace, labels },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  console.log(stringify(prePullDaemonSet(readSettings(process.argv[2] ?? ''))));

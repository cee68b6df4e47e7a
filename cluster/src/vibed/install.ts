// Puts vibeD on a cluster: the operator's image, install.yaml as anybody would apply it, and the settings.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CHECKOUT } from '../layout.ts';
import type { Kubectl } from './kubectl.ts';
import { PUSH_SECRET, type Target } from './target.ts';

export async function install(target: Target): Promise<void> {
  const { kubectl, settings } = target;
  const image = await target.images.operator();
  const manifests = await readFile(join(CHECKOUT, 'install.yaml'), 'utf8');
  await kubectl.apply(manifests.replaceAll(/docker\.io\/vibed\/operator:\S+/g, image));
  if (target.pushAuth !== undefined) await kubectl.apply(pushSecret(settings.builds.namespace, target.pushAuth));
  const before = await settingsThere(kubectl);
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'vibed-settings', namespace: settings.systemNamespace },
    data: { 'settings.yaml': stringify(target.written), ...(target.caBundle && { 'ca.crt': target.caBundle }) },
  });
  const deployment = ['-n', settings.systemNamespace, 'rollout'] as const;
  // Settings are read once, at the start.
  if (before !== '' && before !== (await settingsThere(kubectl)))
    await kubectl.run(...deployment, 'restart', 'deployment/vibed-operator');
  await kubectl.run(...deployment, 'status', 'deployment/vibed-operator', '--timeout=180s');
}

const settingsThere = (kubectl: Kubectl): Promise<string> =>
  kubectl.run(
    '-n',
    'vibed-system',
    'get',
    'configmap',
    'vibed-settings',
    '--ignore-not-found',
    '-o',
    'jsonpath={.data}',
  );

const pushSecret = (namespace: string, auth: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'kubernetes.io/dockerconfigjson',
  metadata: { name: PUSH_SECRET, namespace },
  stringData: { '.dockerconfigjson': auth },
});

// Puts vibeD on a cluster: the operator's image, install.yaml as anybody would apply it, and the settings.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CHECKOUT } from '../layout.ts';
import { exposeApi, makeFirstKey, withStorage } from './api.ts';
import type { Kubectl } from './kubectl.ts';
import { PUSH_SECRET } from './settings.ts';
import type { Target } from './target.ts';

export async function install(target: Target): Promise<void> {
  const { kubectl, settings } = target;
  const image = await target.images.operator();
  const manifests = await readFile(join(CHECKOUT, 'install.yaml'), 'utf8');
  await kubectl.apply(await withStorage(target, manifests.replaceAll(/docker\.io\/vibed\/operator:\S+/g, image)));
  for (const secret of pushSecrets(target)) await kubectl.apply(secret);
  // Before the settings, without which no pod starts: a key that comes later reaches a running pod only after a minute.
  await makeFirstKey(target);
  const before = await settingsThere(kubectl);
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'vibed-settings', namespace: settings.systemNamespace },
    data: { 'settings.yaml': stringify(target.written), ...(target.caBundle && { 'ca.crt': target.caBundle }) },
  });
  const deployment = ['-n', settings.systemNamespace, 'rollout'] as const;
  // Settings are read once, at the start.
  const all = ['deployment/vibed-operator', 'deployment/vibed-api'] as const;
  if (before !== '' && before !== (await settingsThere(kubectl))) await kubectl.run(...deployment, 'restart', ...all);
  await exposeApi(target);
  for (const each of all) await kubectl.run(...deployment, 'status', each, '--timeout=180s');
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

/** A Secret is of one namespace: the two that build, and vibeD's own. */
function pushSecrets({ pushAuth, settings }: Target): object[] {
  if (pushAuth === undefined) return [];
  const { namespace, installNamespace } = settings.builds;
  return [
    pushSecret(namespace, pushAuth.builds),
    pushSecret(installNamespace, pushAuth.builds),
    pushSecret(settings.systemNamespace, pushAuth.operator),
  ];
}

const pushSecret = (namespace: string, auth: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'kubernetes.io/dockerconfigjson',
  metadata: { name: PUSH_SECRET, namespace },
  stringData: { '.dockerconfigjson': auth },
});

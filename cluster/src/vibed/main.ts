// Puts vibeD on the cluster: bundle, image, install.yaml with its settings, and a sample Artifact to see it work.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { run } from '../command.ts';
import type { Environment } from '../environment.ts';
import { readFacts } from '../facts.ts';
import { CHECKOUT, layoutOf } from '../layout.ts';
import { pushOperatorImage } from './operator-image.ts';
import { deploySample } from './sample.ts';
import { settingsFor } from './settings.ts';

const HELP = `usage: vibed/main.ts <command>

  install   bundle the operator, push its image, apply install.yaml and the settings, wait until it is ready
  sample    deploy samples/hello.yaml through an Artifact and print its URL
`;

async function install(env: Environment): Promise<void> {
  const kubectl = (args: readonly string[], input?: string) =>
    run([env.kubectl, '--kubeconfig', env.kubeconfig, ...args], input === undefined ? {} : { input });
  await run([process.execPath, join(CHECKOUT, 'operator/bundle.ts')], { cwd: CHECKOUT });
  const base = env.images.operatorBase.replace(/^docker\.io\//, '');
  const digest = await pushOperatorImage(env.registryURL, base, 'vibed/operator', join(CHECKOUT, 'operator/dist'));
  const manifests = await readFile(join(CHECKOUT, 'install.yaml'), 'utf8');
  const apply = ['apply', '--server-side', '--force-conflicts', '-f', '-'];
  await kubectl(apply, manifests.replaceAll(/docker\.io\/vibed\/operator:\S+/g, `docker.io/vibed/operator@${digest}`));
  const settings = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'vibed-settings', namespace: 'vibed-system' },
    data: { 'settings.yaml': stringify(settingsFor(env)), 'ca.crt': await readFile(env.caBundle, 'utf8') },
  };
  await kubectl(apply, JSON.stringify(settings));
  await kubectl(['-n', 'vibed-system', 'rollout', 'status', 'deployment/vibed-operator', '--timeout=120s']);
}

const [, , command = '--help'] = process.argv;
const env = await readFacts(layoutOf());
if (env === undefined) {
  console.error('there is no cluster yet: `make up`');
  process.exitCode = 1;
} else if (command === 'install') await install(env);
else if (command === 'sample') await deploySample(env);
else {
  console.log(HELP);
  process.exitCode = command === '--help' ? 0 : 2;
}

// What a newcomer sees first: a small app, deployed as anybody would deploy one, and where it answers.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../command.ts';
import type { Environment } from '../environment.ts';
import { CHECKOUT } from '../layout.ts';

interface SampleArtifact {
  status?: { phase?: string; url?: string; failure?: { reason: string; message: string; remedy: string } };
}
const patienceMs = 180_000;

export async function deploySample(env: Environment): Promise<void> {
  const kubectl = (...args: string[]) => run([env.kubectl, '--kubeconfig', env.kubeconfig, ...args]);
  await kubectl('apply', '-f', join(CHECKOUT, 'samples/hello.yaml'));
  const deadline = Date.now() + patienceMs;
  for (let told = ''; ; await sleep(500)) {
    const { status } = JSON.parse(
      await kubectl('-n', 'vibed-demo', 'get', 'vart', 'hello', '-o', 'json'),
    ) as SampleArtifact;
    if (status?.phase !== undefined && status.phase !== told) {
      told = status.phase;
      console.log(`hello: ${told}`);
    }
    if (status?.phase === 'running' && status.url !== undefined) return printEnd(env, status.url);
    if (status?.failure)
      throw new Error(`hello: ${status.failure.reason}: ${status.failure.message}. ${status.failure.remedy}`);
    if (Date.now() > deadline)
      throw new Error('hello is not running after 3 minutes: kubectl -n vibed-demo describe vart hello');
  }
}

function printEnd(env: Environment, url: string): void {
  const { hostname, port } = new URL(url);
  console.log(`
  ${url}
  curl --resolve ${hostname}:${port}:127.0.0.1 ${url}

  export KUBECONFIG=${env.kubeconfig} PATH="${join(env.kubectl, '..')}:$PATH"
  kubectl get vart -A              what is deployed, and where
  kubectl -n vibed-demo edit vart hello     change a file: a new version is built, verified, then gets the traffic
  kubectl -n vibed-demo get events          what happened
`);
}

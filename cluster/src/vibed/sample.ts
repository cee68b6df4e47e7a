// What a newcomer sees first: a small app, deployed as anybody would deploy one, and where it answers.
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installLine } from '../../../api-server/src/http/cli.ts';
import { CommandFailed } from '../command.ts';
import { CHECKOUT } from '../layout.ts';
import { keyFileOf } from './api.ts';
import type { Target } from './target.ts';

interface SampleArtifact {
  status?: { phase?: string; url?: string; failure?: { reason: string; message: string; remedy: string } };
}
const patienceMs = 180_000;

export async function deploySample(target: Target): Promise<void> {
  const { kubectl } = target;
  const deadline = Date.now() + patienceMs;
  await applied(target, deadline);
  for (let told = ''; ; await sleep(500)) {
    const { status } = await kubectl.get<SampleArtifact>('vart', 'hello', 'vibed-demo');
    if (status?.phase !== undefined && status.phase !== told) {
      told = status.phase;
      console.log(`hello: ${told}`);
    }
    if (status?.phase === 'running' && status.url !== undefined) return printEnd(target, status.url);
    if (status?.failure)
      throw new Error(`hello: ${status.failure.reason}: ${status.failure.message}. ${status.failure.remedy}`);
    if (Date.now() > deadline)
      throw new Error('hello is not running after 3 minutes: kubectl -n vibed-demo describe vart hello');
  }
}

/** The quota of a namespace that is seconds old refuses everything until it has counted once. */
async function applied({ kubectl }: Target, deadline: number): Promise<void> {
  for (;;) {
    try {
      await kubectl.run('apply', '-f', join(CHECKOUT, 'samples/hello.yaml'));
      return;
    } catch (error) {
      const isUncounted = error instanceof CommandFailed && error.message.includes('status unknown for quota');
      if (!isUncounted || Date.now() > deadline) throw error;
      await sleep(1_000);
    }
  }
}

function printEnd(target: Target, url: string): void {
  const { kubectl, settings } = target;
  const { hostname, port, protocol } = new URL(url);
  const local = settings.apps.domain === 'localhost';
  const resolve = `  curl --resolve ${hostname}:${port || (protocol === 'https:' ? 443 : 80)}:127.0.0.1 ${url}\n`;
  const onPath = (process.env.PATH ?? '').split(':').includes(dirname(kubectl.program));
  console.log(`
  ${url}
${local ? resolve : ''}
  An AI tool     claude --mcp-config ${keyFileOf(target)}
                 others: vibed mcp config --client cursor|vscode|codex|gemini
  The command    ${installLine(settings.api.publicUrl)}
                 vibed deploy FOLDER --wait
  The API        ${settings.api.publicUrl}/api/docs

  export KUBECONFIG=${kubectl.kubeconfig}${onPath ? '' : ` PATH="${dirname(kubectl.program)}:$PATH"`}
  kubectl get vart -A              what is deployed, and where
  kubectl -n vibed-demo edit vart hello     change a file: a new version is built, verified, then gets the traffic
  kubectl -n vibed-demo get events          what happened
`);
}

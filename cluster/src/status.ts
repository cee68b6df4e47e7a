// One line about the cluster of this checkout.
import { ingressAnswers } from './addons.ts';
import { kubectl } from './control-plane.ts';
import { isServing } from './knative/knative.ts';
import { hasKnative, type Layout } from './layout.ts';
import { isReady } from './node.ts';
import { rememberedPorts } from './ports.ts';
import { isRunning, recordedNames } from './processes.ts';

/** Exit code 0 means that it can be used. */
export async function status(layout: Layout): Promise<{ line: string; usable: boolean }> {
  const names = await recordedNames(layout);
  const alive = await Promise.all(names.map(name => isRunning(layout, name)));
  const dead = names.filter((_, i) => !alive[i]);
  if (names.length === dead.length) return { line: `${layout.name}: stopped`, usable: false };
  if (dead.length > 0)
    return { line: `${layout.name}: not running: ${dead.join(', ')}; \`up\` starts them again`, usable: false };
  const ports = await rememberedPorts(layout);
  const wanted = hasKnative(layout);
  const [ready, ingress, knative, pods] = await Promise.all([
    isReady(layout, Date.now() - 40_000),
    ports ? ingressAnswers(ports).catch(() => false) : false,
    wanted && isServing(layout),
    kubectl(layout, ['get', 'pods', '-A', '--no-headers', '--ignore-not-found', '--request-timeout=5s']),
  ]);
  const count = pods?.trim() ? pods.trim().split('\n').length : 0;
  const where = ports ? `http://*.localhost:${ports.ingress}, apiserver 127.0.0.1:${ports.apiserver}` : '';
  const state =
    ready && ingress ? 'running' : `node ${ready ? 'Ready' : 'not Ready'}, ingress ${ingress ? 'up' : 'down'}`;
  const serving = wanted ? `, Knative ${knative ? 'up' : 'down'}` : '';
  return {
    line: `${layout.name}: ${state}${serving}, ${count} pods, ${where}`,
    usable: ready && ingress && knative === wanted,
  };
}

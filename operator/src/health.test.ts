// The operator as it is shipped, from its sources and from the bundle, without a cluster: it answers the kubelet, also while its main
// loop is blocked.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { serveHealth } from './health.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vibed-health-'));
afterAll(() => rmSync(folder, { recursive: true }));

const blockedMs = 3_000;
const blocksOnSignal = `data:text/javascript,process.on('SIGUSR2',()=>{const end=Date.now()+${blockedMs};while(Date.now()<end);})`;
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A process of this program, with nobody at the address of its cluster. */
async function started(program: string) {
  const [healthPort, metricsPort, nobody] = [await freePort(), await freePort(), await freePort()];
  const config = {
    clusters: [{ name: 'none', cluster: { server: `http://127.0.0.1:${nobody}`, 'insecure-skip-tls-verify': true } }],
    contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
    users: [{ name: 'none', user: {} }],
    'current-context': 'none',
  };
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config));
  const settings = {
    apps: { domain: 'example.com', probeVia: 'ingress:80' },
    registry: { push: 'http://registry:5000', pull: 'registry:5000' },
    builds: { image: 'buildah' },
  };
  writeFileSync(join(folder, 'settings.yaml'), JSON.stringify(settings));
  const env = {
    KUBECONFIG: join(folder, 'kubeconfig'),
    VIBED_SETTINGS: join(folder, 'settings.yaml'),
    VIBED_STEPS_IMAGE: 'vibed/operator',
    VIBED_PORT: String(metricsPort),
    VIBED_HEALTH_PORT: String(healthPort),
  };
  const child = spawn(process.execPath, ['--import', blocksOnSignal, program], { env, stdio: 'ignore' });
  const stop = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return { healthPort, child, [Symbol.asyncDispose]: stop };
}

/** As the kubelet asks: an answer that takes longer than a moment is none. */
const statusAt = (port: number, path: string) =>
  fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(1_500) }).then(
    ({ status }) => status,
    () => undefined,
  );

const programs = {
  'its sources': () => join(checkout, 'operator/src/main.ts'),
  'the bundle': () => {
    execFileSync(process.execPath, [join(checkout, 'operator/bundle.ts'), folder], { cwd: checkout });
    return join(folder, 'operator.mjs');
  },
};

it.each(['its sources', 'the bundle'] as const)(
  'answers while the main loop is blocked, started from %s',
  {
    timeout: 60_000,
  },
  async from => {
    await using operator = await started(programs[from]());
    const { healthPort, child } = operator;
    await expect.poll(() => statusAt(healthPort, '/healthz'), { timeout: 30_000 }).toBe(200);
    const blockedAt = performance.now();
    child.kill('SIGUSR2');
    while (performance.now() - blockedAt < blockedMs - 500) {
      expect(await statusAt(healthPort, '/healthz')).toBe(200);
      await sleep(200);
    }
    expect(await statusAt(healthPort, '/readyz')).toBe(503);
  },
);

it('reports readiness with the next beat, and ends when it is stopped', async () => {
  let isReady = false;
  const health = await serveHealth({ host: '127.0.0.1', port: 0, isReady: () => isReady, log });
  expect(await statusAt(health.port, '/readyz')).toBe(503);
  isReady = true;
  await expect.poll(() => statusAt(health.port, '/readyz'), { timeout: 5_000 }).toBe(200);
  await health.stop();
  expect(await statusAt(health.port, '/healthz')).toBeUndefined();
});

it('fails to start where its port is taken', async () => {
  const first = await serveHealth({ host: '127.0.0.1', port: 0, isReady: () => true, log });
  const second = serveHealth({ host: '127.0.0.1', port: first.port, isReady: () => true, log });
  await expect(second).rejects.toThrow(/EADDRINUSE/);
  await first.stop();
});

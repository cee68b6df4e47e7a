import { kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { artifactFrom, artifactOf } from '../lib/artifact-from.ts';
import { throughout } from '../lib/eventually.ts';
import { failsFromTheStart } from '../lib/fails.ts';
import { deploymentsOf } from '../lib/sample-run.ts';
import { proves, scenario } from '../lib/scenario.ts';

scenario.beside('the app exits', proves('failure.CrashLoop', 'failure.stalls'), async stage => {
  const app = stage.app('crash-loop');
  await app.apply(artifactFrom('failing/crash-loop'));
  await failsFromTheStart(app, 'CrashLoop', {
    step: 'deploy',
    message: /exit/,
    remedy: /spec\.run\.env/,
    excerpt: /DATABASE_URL is not set/,
  });
  // A failed version is not left crashing: nothing of it runs any more, and nothing starts it again.
  await throughout(10, async () => (await deploymentsOf(app)).length, 0 as number);
});

scenario.beside('the app listens on another port', proves('failure.WrongPort'), async stage => {
  const app = stage.app('wrong-port');
  await app.apply(artifactFrom('failing/wrong-port', { run: { health: { startupTimeout: '15s' } } }));
  await failsFromTheStart(app, 'WrongPort', {
    step: 'deploy',
    message: /Server listening on http:\/\/127\.0\.0\.1:3000/,
    remedy: /spec\.run\.port: 3000|0\.0\.0\.0/,
    excerpt: /127\.0\.0\.1:3000/,
  });
});

scenario.beside('the image needs root', proves('failure.NeedsRoot'), async stage => {
  const app = stage.app('root-only');
  await app.apply(artifactFrom('failing/root-only'));
  await failsFromTheStart(app, 'NeedsRoot', { step: 'deploy', remedy: /USER/ });
});

scenario.beside('the image cannot be pulled', proves('failure.ImagePullFailed'), async stage => {
  const app = stage.app('no-image');
  const ref = `registry.example.com/nobody/nothing@sha256:${'0'.repeat(64)}`;
  await app.apply(artifactOf({ image: { ref } }, {}));
  await failsFromTheStart(app, 'ImagePullFailed', { step: 'deploy', message: /nobody\/nothing/, remedy: /digest/ });
});

scenario.beside('the app needs more memory than it may have', proves('failure.OutOfMemory'), async stage => {
  const app = stage.app('out-of-memory');
  await app.apply(artifactFrom('failing/out-of-memory', { run: { resources: { memory: '128Mi' } } }));
  await failsFromTheStart(app, 'OutOfMemory', { step: 'deploy', remedy: /spec\.run\.resources\.memory/ });
});

scenario.beside('the app answers 500', proves('failure.ProbeFailed'), async stage => {
  const app = stage.app('probe-500');
  await app.apply(artifactFrom('failing/probe-500'));
  const state = await failsFromTheStart(app, 'ProbeFailed', {
    step: 'verify',
    message: /GET \/ .*500/,
    remedy: /health\.path/,
    excerpt: /cannot render \/: the template is missing/,
  });
  expect(state.desired?.probe?.status).toBe(500);
});

scenario.beside('the quota has no room', proves('failure.QuotaExceeded'), async stage => {
  const { client } = stage.cluster;
  const quota = { metadata: { name: 'e2e-no-room', namespace: stage.namespace }, spec: { hard: { pods: '0' } } };
  await client.create(kinds.resourceQuota, quota);
  const app = stage.app('no-room');
  await app.apply(artifactFrom('node-plain'));
  await failsFromTheStart(app, 'QuotaExceeded', { step: 'deploy', message: /e2e-no-room/, remedy: /quota/ });

  await client.delete(kinds.resourceQuota, { namespace: stage.namespace, name: 'e2e-no-room' });
  await app.retry('with room');
  await app.runs({ evenIfFailed: true });
});

scenario.beside('a Secret is missing', proves('failure.SecretMissing', 'versions.retry'), async stage => {
  const app = stage.app('secretive');
  const env = [{ name: 'MODE', secretRef: { name: 'app-settings', key: 'mode' } }];
  await app.apply(artifactFrom('node-plain', { run: { env } }));
  await failsFromTheStart(app, 'SecretMissing', { step: 'deploy', message: /app-settings/, remedy: /Secret/ });

  const secret = {
    metadata: { name: 'app-settings', namespace: stage.namespace },
    stringData: { mode: 'from a secret' },
  };
  await stage.cluster.client.create(kinds.secret, secret);
  await app.retry('now it is there');
  await app.runs({ evenIfFailed: true });
  expect(JSON.parse((await app.ask('/')).text)).toMatchObject({ mode: 'from a secret' });
});

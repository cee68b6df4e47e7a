import { expect, it } from 'vitest';
import { settingsSchema } from '../../../operator/src/settings.ts';
import { takenHostsFinding } from './taken-hosts.ts';

const settings = settingsSchema.parse({
  apps: { domain: 'apps.example.com', probeVia: 'ingress:80' },
  registry: { push: 'https://r.example.com', pull: 'r.example.com' },
  builds: { image: 'buildah' },
  api: { publicUrl: 'https://vibed.example.com' },
});
const ingress = (host: string, labels = {}) => ({
  metadata: { name: 'shop', namespace: 'team', labels },
  spec: { rules: [{ host }] },
});

it.each(['todo-1234abcd.apps.example.com', 'apps.example.com', '*.apps.example.com', 'vibed.example.com'])(
  'names an Ingress of somebody else for %s',
  host => {
    const finding = takenHostsFinding([ingress('www.example.com'), ingress(host)], settings);
    expect(finding).toMatchObject({ verdict: 'warn', detail: `taken: ${host} by Ingress team/shop` });
  },
);

it('has nothing against vibeD’s own Ingresses and hosts of other domains', () => {
  const vibeds = [
    ingress('todo-1234abcd.apps.example.com', { 'app.kubernetes.io/managed-by': 'vibed' }),
    ingress('vibed.example.com', { 'app.kubernetes.io/name': 'vibed' }),
    ingress('myapps.example.com'),
    { metadata: { name: 'hostless' }, spec: {} },
  ];
  expect(takenHostsFinding(vibeds, settings).verdict).toBe('ok');
});

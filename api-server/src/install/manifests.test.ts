import { settingsSchema } from '@vibed/operator/settings';
import { expect, it } from 'vitest';
import { apiServerIngress } from './manifests.ts';

const ingressOf = (api: { publicUrl: string; tlsSecret?: string }) =>
  apiServerIngress(
    settingsSchema.parse({
      apps: { domain: 'example.com', probeVia: 'ingress:80' },
      registry: { push: 'https://r.example.com', pull: 'r.example.com' },
      builds: { image: 'buildah' },
      api,
    }),
  ) as { spec: { tls?: object[]; rules: { host: string }[] } };

it.each([
  { api: { publicUrl: 'http://vibed.example.com' }, tls: undefined },
  { api: { publicUrl: 'https://vibed.example.com' }, tls: [{ hosts: ['vibed.example.com'] }] },
  {
    api: { publicUrl: 'https://vibed.example.com:8443', tlsSecret: 'vibed-tls' },
    tls: [{ hosts: ['vibed.example.com'], secretName: 'vibed-tls' }],
  },
])('ends TLS at the ingress where the public URL is https: $api', ({ api, tls }) => {
  const { spec } = ingressOf(api);
  expect([spec.tls, spec.rules.map(rule => rule.host)]).toEqual([tls, ['vibed.example.com']]);
});

it('is also plain localhost where its host is a name below it', () => {
  const { spec } = ingressOf({ publicUrl: 'http://vibed.localhost:8080' });
  expect(spec.rules.map(rule => rule.host)).toEqual(['vibed.localhost', 'localhost']);
});

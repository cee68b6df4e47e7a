// The settings document of this cluster's vibeD, from what the cluster says of itself.
import type { Environment } from '../environment.ts';

export function settingsFor(env: Environment) {
  return {
    apps: {
      domain: 'localhost',
      scheme: 'http',
      externalPort: env.ingress.loopbackPort,
      ingressClass: env.ingress.class,
      probeVia: env.ingress.address,
    },
    registry: { push: `http://${env.registry}`, pull: env.registry },
    builds: {
      image: env.images.buildah,
      parallel: 2,
      parallelPerOwner: 2,
      baseRegistries: { 'docker.io': { url: `http://${env.registry}` } },
      network: {
        httpProxy: env.egress.proxy,
        httpsProxy: env.egress.proxy,
        noProxy: env.egress.noProxy.join(','),
        npmRegistry: env.packages.npmRegistry,
        pipIndexUrl: env.packages.pipIndexUrl,
        goProxy: env.packages.goProxy,
        goSumDb: env.packages.goSumDB,
        cargoIndex: env.packages.cargoIndex,
      },
    },
    // The git server of the end-to-end tests speaks plain http inside the cluster.
    sources: { gitSchemes: ['https', 'http'] },
  };
}

// Every version this cluster is made of. The Go modules under ../go pin the rest by go.sum.
export const PINNED = {
  kubernetes: 'v1.34.4',
  containerd: 'v2.3.7',
  runc: '1.5.2',
  buildah: '1.43.0',
  knative: '0.42.2',
  lego: {
    module: 'github.com/go-acme/lego/v4',
    version: 'v4.33.0',
    sum: 'h1:2KrRKieG+VczT4zvVXKAY7Tp/S3XLvh/QImofBALRAM=',
  },
  debian: 'bookworm',
  /** Tag of the image → Node and the npm that comes with it. */
  node: {
    '24-slim': { node: '24.21.0', npm: '11.16.0' },
    '22-slim': { node: '22.23.3', npm: '10.9.4' },
    '20-slim': { node: '20.20.2', npm: '10.8.2' },
  },
  corepack: '0.34.0',
} as const;

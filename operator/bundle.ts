// Programs, one file each, in one image: the operator, the source, registry and layers steps of its build pods, the api-server, the
// thread of the health endpoints of operator and api-server, the analysis that they run in child processes, and the command that the
// api-server hands out.
import { mkdir } from 'node:fs/promises';
import { build } from 'esbuild';
import { bundleCli } from '../cli/bundle.ts';

const outdir = process.argv[2] ?? 'operator/dist';
await mkdir(outdir, { recursive: true });
const version = await bundleCli(`${outdir}/vibed.cjs`);

await build({
  entryPoints: {
    operator: 'operator/src/main.ts',
    source: 'operator/src/build-pod/source-program.ts',
    layers: 'operator/src/build-pod/layers.ts',
    'registry-proxy': 'operator/src/build-pod/registry-proxy.ts',
    'api-server': 'api-server/src/main.ts',
    'health-worker': 'operator/src/health-worker.ts',
    analysis: 'operator/src/analysis/worker.ts',
  },
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  // Some dependencies are CommonJS and expect these names.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  define: { VIBED_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
});

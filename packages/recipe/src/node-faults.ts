/** Refusals of the Node rule. */
import { fault, type Refusal } from './model.ts';
import { joined } from './source-tree.ts';

export function entrypointFault(folder = ''): Refusal {
  return fault(
    'EntrypointMissing',
    `${joined(folder, 'package.json')} has no start script, no main, and there is no server.js, index.js or app.js`,
    'add a "start" script to package.json that listens on process.env.PORT',
  );
}

export function svelteFault(): Refusal {
  return fault(
    'Unsupported',
    'SvelteKit has no adapter that makes a server: adapter-auto knows hosting companies only',
    'add @sveltejs/adapter-node (a server) or @sveltejs/adapter-static (files) to package.json and svelte.config.js',
  );
}

export function rushFault(): Refusal {
  return fault(
    'Unsupported',
    'rush.json is there: Rush installs and links its projects in its own way, which vibeD does not do',
    'Bring a Dockerfile at the root that runs rush install and rush build, or deploy the folder that rush deploy writes',
  );
}

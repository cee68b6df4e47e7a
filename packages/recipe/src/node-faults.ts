/** Refusals of the Node rule. */
import { fault, type Refusal } from './model.ts';
import { listed, shown } from './shown.ts';
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

/** A repository with several applications, by their folders. */
export function severalApps(folders: readonly string[]): Refusal {
  return fault(
    'LanguageUnknown',
    `the workspace has several applications: ${foldersOf(folders)}`,
    'Choose the one to build with spec.build.path (`build_path` in the tools), or add a "start" script to the package.json at the root that starts it',
  );
}

/** An application of Nx whose builder is not known. */
export function unknownProject(folder: string): Refusal {
  return fault(
    'EntrypointMissing',
    `${folder}/project.json does not tell what its target build makes, or where`,
    'Add to the package.json at the root a "build" script that builds it and a "start" script that runs the result, for example "node dist/apps/api/main.js"',
  );
}

/** A workspace that joins these folders, none of which is an application. */
export function noApp(folders: readonly string[]): Refusal {
  return fault(
    'EntrypointMissing',
    `the workspace joins ${foldersOf(folders)}, and none of them has a start script, a server or a page that is built`,
    'Add a "start" script that listens on process.env.PORT to the package.json of the package that runs, or to the one at the root',
  );
}

function foldersOf(folders: readonly string[]): string {
  const names = folders.slice(0, 5).map(folder => `${shown(folder)}/`);
  return listed(folders.length > 5 ? [...names, `${folders.length - 5} more`] : names);
}

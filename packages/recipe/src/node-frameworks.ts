/** Frameworks of Node servers: how each is recognised, and what its build leaves to start. */
import type { NodePackage } from './node-package.ts';
import { angularServer } from './node-static.ts';
import type { SourceTree } from './source-tree.ts';
import { isPlain } from './steps.ts';

/** Dependencies that only a server has. */
const serverDependencies = [
  ...[
    'express',
    'fastify',
    'koa',
    '@koa/router',
    'hono',
    '@hono/node-server',
    '@hapi/hapi',
    '@nestjs/core',
    'restify',
    'polka',
    'micro',
  ],
  ...[
    'socket.io',
    'ws',
    'apollo-server',
    '@apollo/server',
    'json-server',
    '@adonisjs/core',
    '@feathersjs/koa',
    'sails',
    'h3',
    'elysia',
  ],
];

export interface Framework {
  readonly dependency: string;
  readonly name: string;
  readonly argv: readonly string[];
}

/** Frameworks with a known entry point after their build. Each reads $PORT and $HOST or $HOSTNAME by itself. */
const frameworks: readonly Framework[] = [
  { dependency: 'next', name: 'next', argv: ['node_modules/.bin/next', 'start'] },
  { dependency: 'nuxt', name: 'nuxt', argv: ['node', '.output/server/index.mjs'] },
  { dependency: 'vinxi', name: 'vinxi', argv: ['node', '.output/server/index.mjs'] },
  { dependency: '@tanstack/react-start', name: 'tanstack-start', argv: ['node', '.output/server/index.mjs'] },
  { dependency: '@remix-run/serve', name: 'remix', argv: ['node_modules/.bin/remix-serve', './build/server/index.js'] },
  {
    dependency: '@react-router/serve',
    name: 'react-router',
    argv: ['node_modules/.bin/react-router-serve', './build/server/index.js'],
  },
  { dependency: '@sveltejs/adapter-node', name: 'sveltekit', argv: ['node', 'build'] },
  { dependency: '@astrojs/node', name: 'astro', argv: ['node', './dist/server/entry.mjs'] },
  { dependency: '@nestjs/core', name: 'nestjs', argv: ['node', 'dist/main.js'] },
];

/** The names of all of them, for people. */
export const serverFrameworks: readonly string[] = [...new Set(frameworks.map(({ name }) => name))];

/** Whether a dependency says that this project is a server. */
export function serverDependency(pkg: NodePackage): string | undefined {
  const known = [...frameworks.map(entry => entry.dependency), ...serverDependencies];
  return known.find(name => pkg.dependencies.has(name) || (pkg.devDependencies.has(name) && isFrameworkName(name)));
}

/** The framework of the project; undefined where its own scripts and files tell everything. */
export function frameworkOf(tree: SourceTree, pkg: NodePackage): Framework | undefined {
  const configured = angularFramework(tree, pkg) ?? svelteFramework(tree, pkg);
  return configured ?? frameworks.find(entry => pkg.all.has(entry.dependency));
}

/** The name that the recipe gives it. */
export function frameworkName(pkg: NodePackage): string | undefined {
  return (
    frameworks.find(entry => pkg.all.has(entry.dependency))?.name ??
    serverDependencies.find(name => pkg.dependencies.has(name))
  );
}

/** Angular's own server, which `ng build` writes beside the pages: https://angular.dev/guide/ssr */
function angularFramework(tree: SourceTree, pkg: NodePackage): Framework | undefined {
  const folder = pkg.all.has('@angular/ssr') ? angularServer(tree) : undefined;
  if (folder === undefined || !isPlain(folder)) return undefined;
  return { dependency: '@angular/ssr', name: 'angular', argv: ['node', `${folder}/server.mjs`] };
}

/** SvelteKit's server in a folder of the project's choice: https://svelte.dev/docs/kit/adapter-node */
function svelteFramework(tree: SourceTree, pkg: NodePackage): Framework | undefined {
  const dependency = '@sveltejs/adapter-node';
  const config = pkg.all.has(dependency) ? (tree.read('svelte.config.js') ?? '') : '';
  const folder = /\bout\s*:\s*['"](?:\.\/)?([\w./-]{1,100}?)\/?['"]/.exec(config)?.[1];
  return folder === undefined || !isPlain(folder)
    ? undefined
    : { dependency, name: 'sveltekit', argv: ['node', folder] };
}

function isFrameworkName(name: string): boolean {
  return frameworks.some(entry => entry.dependency === name);
}

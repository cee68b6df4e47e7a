export * from './cache.ts';
export * from './client.ts';
export * from './clock.ts';
export * from './connect.ts';
export * from './errors.ts';
export * from './kinds.ts';
export * from './list-watch.ts';
export * from './log.ts';

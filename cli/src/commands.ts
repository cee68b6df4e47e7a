import { control, diff, get, list, open, remove, rollback, versions } from './apps.ts';
import type { Command } from './command.ts';
import { deploy } from './deploy.ts';
import { logs } from './logs.ts';
import { mcp } from './mcp.ts';
import { source } from './source.ts';

/** Everything `vibed` can do, in the order of its help. */
export const commands: readonly Command[] = [
  deploy,
  list,
  get,
  logs,
  versions,
  diff,
  rollback,
  source,
  control,
  remove,
  open,
  mcp,
];

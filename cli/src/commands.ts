import { aboutCommands, versionCommand } from './about.ts';
import { appCommands } from './apps.ts';
import type { Command } from './command.ts';
import { completion } from './completion-scripts.ts';
import { deploy, update } from './deploy.ts';
import { invoke } from './invoke.ts';
import { keys } from './keys.ts';
import { logs } from './logs.ts';
import { mcp } from './mcp.ts';
import { source } from './source.ts';
import { wait } from './wait.ts';

/** Everything `vibed` can do, in the order of its help. */
export const commands: readonly Command[] = [
  deploy,
  update,
  wait,
  ...appCommands,
  invoke,
  logs,
  source,
  ...aboutCommands,
  mcp,
  keys,
  completion,
  versionCommand,
];

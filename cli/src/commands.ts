import { appCommands } from './apps.ts';
import type { Command } from './command.ts';
import { deploy, update } from './deploy.ts';
import { keys } from './keys.ts';
import { logs } from './logs.ts';
import { mcp } from './mcp.ts';
import { source } from './source.ts';

/** Everything `vibed` can do, in the order of its help. */
export const commands: readonly Command[] = [deploy, update, ...appCommands, logs, source, mcp, keys];

/** The program of a child process that looks at what tenants wrote. */
import { serveTasks } from '@vibed/bounded/worker';
import { tasks } from './tasks.ts';

serveTasks(tasks);

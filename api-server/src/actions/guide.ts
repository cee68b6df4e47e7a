// What a model must know before it writes an app for vibeD; ≤ 4 KB.
import { type ConcreteTarget, languages, targets } from '@vibed/crds';
import { stacks } from '@vibed/recipe';
import { detectedKinds, firstAvailable, targetsOf } from '@vibed/store';
import { servedOf } from '@vibed/store/kube';
import { z } from 'zod';
import { sourceLimits } from '../storage/tree.ts';
import { defineAction } from './action.ts';
import { listShape } from './answer.ts';

const guide = `# Deploying to vibeD
Send the files of a small web app; it is built, started, asked through its own URL, and only then called running.

Stacks (detected, the answer says why; or set language):
${Object.entries(stacks)
  .map(([name, what]) => `- ${name}: ${what}.`)
  .join('\n')}

Rules:
- Listen on 0.0.0.0 at the port in the environment variable PORT. Hard-coded port? set the field port.
- Answer GET / with a status below 500 (or set health_path, which must answer 2xx or 3xx).
- No durable disk: files and SQLite are gone with the next version or restart.
- Non-root, no added capabilities; the app's own folder and /tmp are writable.
- Pin dependencies in a lockfile where you can. node_modules, .git, .venv and .env* are never built.
- Secrets go into env (kept as a Secret, never shown again), not into files.
- What a page is built with (VITE_…, NEXT_PUBLIC_…, REACT_APP_…, PUBLIC_…) goes into build_env: everybody can read it. env reaches the running app only; such names in env are built in as well, with a warning.
- One app of several folders? build_path names its folder.

Limits: ${sourceLimits.files} files, ${sourceLimits.bytes / 1048576} MiB in all, ${sourceLimits.fileBytes / 1048576} MiB per file; 4 MiB per call, so use create_upload for more. 512 MiB memory, builds within 10 minutes.

How to go on:
1. deploy_artifact {name, files} (or create_upload first, then source_ref). dry_run tells the plan.
2. wait_for_artifact {name, version} until running, failed or superseded. Do calls end after a few seconds with you? Then give timeout_s: 4, and call it again while it says still_working.
   broken: true means that the app runs, but its page does not work: follow the warnings.
3. failed: the answer has reason, remedy and the last log lines. Mend it with update_artifact {name, edits}.
4. invoke_artifact {name, path} shows what it answers. rollback_artifact goes back.`;

export const getDeployGuide = defineAction({
  name: 'get_deploy_guide',
  title: 'How to write an app for vibeD',
  description: 'Stacks, the port rule, limits, and how to go on. Read it once before the first deploy.',
  scope: 'read',
  hints: { idempotent: true },
  input: z.strictObject({}),
  output: z.object({ guide: z.string(), languages: z.array(z.string()), ...listShape }),
  rights: [],
  run: async () => ({
    guide,
    languages: [...languages],
    warnings: [],
    next: [{ tool: 'deploy_artifact', args: {}, why: 'deploys an app' }],
  }),
});

export const listDeploymentTargets = defineAction({
  name: 'list_deployment_targets',
  title: 'Where apps can run',
  description: 'The targets of this cluster. auto is right unless you know better.',
  scope: 'read',
  hints: { idempotent: true },
  input: z.strictObject({}),
  output: z.object({
    targets: z.array(z.object({ name: z.enum(targets), available: z.boolean(), what: z.string() })),
    ...listShape,
  }),
  rights: [],
  run: async (_input, { services: { client, settings } }) => {
    const { order } = settings.targets;
    const states = targetsOf(await servedOf(client, detectedKinds));
    const told = (name: ConcreteTarget) => ({ name, available: states[name].available, what: states[name].why });
    const auto = `keeps the target an app runs on; a new app goes to ${firstAvailable(states, order)}, the first that is there of ${order.join(', ')}`;
    return {
      targets: [
        { name: 'auto' as const, available: true, what: auto },
        ...(['knative', 'kubernetes', 'wasmcloud'] as const).map(told),
      ],
      warnings: [],
      next: [],
    };
  },
});

// A real single-node Kubernetes for people and tests, from packages alone.
import { existsSync } from 'node:fs';
import { binaryOf, COMPONENTS } from './binaries.ts';
import { readFacts } from './facts.ts';
import { removeKnative } from './knative/knative.ts';
import { hasKnative, layoutOf } from './layout.ts';
import { exclusively } from './lock.ts';
import { rememberedPorts } from './ports.ts';
import { status } from './status.ts';
import { deletes, removeAll, stopAll } from './teardown.ts';
import { up, type Wanted } from './up.ts';

const HELP = `usage: main.ts <command>

  up              compile, build images, start everything; from wherever it was left
  knative         put Knative Serving on it, or repair it; starts the cluster where it does not run
  knative-remove  take it off again, with every app on it
  status          one line; exit code 0 when the cluster can be used
  stop            stop all processes; apps and data stay, and \`up\` brings them back
  down            delete the cluster of this checkout and everything it left on the machine
  env             the cluster's addresses and settings as JSON
`;

const layout = layoutOf();

async function broughtUp(wanted: Wanted): Promise<number> {
  await up(layout, process.stdout, wanted);
  const { line, usable } = await status(layout);
  console.log(`${line}\nkubeconfig: ${layout.kubeconfig}`);
  return usable ? 0 : 1;
}

const commands: Readonly<Record<string, () => Promise<number>>> = {
  up: () => exclusively(layout, () => broughtUp({})),
  knative: () => exclusively(layout, () => broughtUp({ knative: true })),
  'knative-remove': () =>
    exclusively(layout, async () => {
      const ports = await rememberedPorts(layout);
      if (!hasKnative(layout) || !ports) {
        console.log(`${layout.name}: Knative is not on it`);
        return 0;
      }
      await removeKnative(layout, ports, await binaryOf(layout, COMPONENTS.knative));
      console.log(`${layout.name}: Knative is gone`);
      return 0;
    }),
  status: async () => {
    const { line, usable } = await status(layout);
    console.log(line);
    return usable ? 0 : 1;
  },
  stop: () =>
    exclusively(layout, async () => {
      const count = await stopAll(layout);
      console.log(
        count === 0 ? `${layout.name}: nothing was running` : `${layout.name}: stopped; \`up\` brings it back`,
      );
      return 0;
    }),
  down: async () => {
    console.log(
      `deletes\n${deletes(layout)
        .map(line => `  ${line}`)
        .join('\n')}`,
    );
    await exclusively(layout, () => removeAll(layout));
    console.log(`${layout.name}: gone`);
    return 0;
  },
  env: async () => {
    const facts = await readFacts(layout);
    if (!facts) {
      console.error(`${layout.name} has never been up`);
      return 1;
    }
    console.log(JSON.stringify(facts, null, 2));
    return 0;
  },
};

const [, , name = '--help'] = process.argv;
const command = commands[name];
if (!command) {
  const asked = name === '--help' || name === '-h';
  (asked ? process.stdout : process.stderr).write(asked ? HELP : `unknown command ${name}\n${HELP}`);
  process.exitCode = asked ? 0 : 2;
} else {
  process.exitCode = await command().catch((error: Error) => {
    console.error(`${error.message}`);
    return 1;
  });
  // Images may still be in work when a step failed; nothing of value is lost.
  if (process.exitCode !== 0 || !existsSync(layout.state)) process.exit();
}

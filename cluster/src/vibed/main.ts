// Puts vibeD on a cluster, this checkout's own or the one that KUBECONFIG names: check, image, install.yaml with its
// settings, and a sample Artifact to see it work.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { layoutOf } from '../layout.ts';
import { check } from './check.ts';
import { isGiven, VARIABLES } from './config.ts';
import { install } from './install.ts';
import { deploySample } from './sample.ts';
import { type Target, targetOf } from './target.ts';

const variables = Object.entries(VARIABLES).map(([name, about]) => `  ${name.padEnd(21)} ${about}`);
const HELP = `usage: vibed/main.ts <command>

  up        the cluster of this checkout, or a check of the given one; then install and sample
  check     try what vibeD needs of the cluster, with pods that are gone afterwards, and name what is missing
  install   bundle the operator, push its image, apply install.yaml and the settings, wait until it is ready
  sample    deploy samples/hello.yaml through an Artifact and print its URL

A cluster of your own:
${variables.join('\n')}
`;

const layout = layoutOf();

async function checked(target: Target): Promise<number> {
  console.log(`checking ${target.name}`);
  const missing = await check(target);
  console.log(missing === 0 ? 'it has what vibeD needs' : `${missing} missing: see → above`);
  return missing === 0 ? 0 : 1;
}

async function installed(target: Target): Promise<number> {
  await install(target);
  return 0;
}

async function sampled(target: Target): Promise<number> {
  await deploySample(target);
  return 0;
}

function ownCluster(): Promise<number> {
  const program = join(import.meta.dirname, '../main.ts');
  const child = spawn(process.execPath, [program, 'up'], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => resolve(code ?? 1));
  });
}

async function up(): Promise<number> {
  const given = isGiven(layout);
  const code = given ? 0 : await ownCluster();
  if (code !== 0) return code;
  const target = await targetOf(layout);
  const steps = given ? [checked, installed, sampled] : [installed, sampled];
  for (const step of steps) {
    const failed = await step(target);
    if (failed !== 0) return failed;
  }
  return 0;
}

const commands: Readonly<Record<string, () => Promise<number>>> = {
  up,
  check: async () => checked(await targetOf(layout)),
  install: async () => installed(await targetOf(layout)),
  sample: async () => sampled(await targetOf(layout)),
};

const [, , name = '--help'] = process.argv;
const command = commands[name];
if (command === undefined) {
  console.log(HELP);
  process.exitCode = name === '--help' ? 0 : 2;
} else {
  process.exitCode = await command().catch((error: Error) => {
    console.error(error.message);
    return 1;
  });
}

// The real kube-apiserver judges the same examples as zod does in crds/src/artifact.test.ts.
import { readFileSync } from 'node:fs';
import { examples } from '@vibed/crds/testdata';
import { isKubeError, kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { parse } from 'yaml';
import type { Cluster } from '../lib/cluster.ts';
import { eventually } from '../lib/eventually.ts';
import { proves, scenario } from '../lib/scenario.ts';

const crd = parse(readFileSync(new URL('../../crds/artifacts.yaml', import.meta.url), 'utf8'));

/** The schema of this checkout is the one being judged, whatever the cluster had. */
async function install({ client }: Cluster): Promise<void> {
  await client.apply(kinds.crd, crd);
  await eventually(() => client.list(kinds.artifact, { limit: 1 }), {}, { within: 30 });
}

/** What the apiserver says against creating it; undefined when it would take it. Nothing is stored. */
async function refusalOf({ client }: Cluster, namespace: string, artifact: unknown): Promise<string | undefined> {
  const { metadata, ...rest } = artifact as { metadata: object };
  const path = `/apis/vibed.dev/v1alpha1/namespaces/${namespace}/artifacts?dryRun=All`;
  try {
    await client.raw('POST', path, { ...rest, metadata: { ...metadata, namespace } });
    return undefined;
  } catch (error) {
    if (isKubeError(error, 'Invalid')) return error.message;
    throw error;
  }
}

scenario('the apiserver takes every valid example', proves('input.admission'), async ({ cluster, namespace }) => {
  await install(cluster);
  const refusals = new Map<string, string>();
  for (const { name, artifact } of examples('valid')) {
    const refusal = await refusalOf(cluster, namespace, artifact);
    // What this site's settings refuse beyond the schema is for git-schemes.test.ts.
    if (refusal !== undefined && !refusal.includes("ValidatingAdmissionPolicy 'vibed-git-schemes'"))
      refusals.set(name, refusal);
  }
  expect(Object.fromEntries(refusals)).toEqual({});
});

scenario('the apiserver refuses every invalid example', proves('input.admission'), async ({ cluster, namespace }) => {
  await install(cluster);
  const lacking = new Map<string, string>();
  for (const { name, artifact, expect: wanted } of examples('invalid')) {
    const refusal = await refusalOf(cluster, namespace, artifact);
    const missing = wanted.filter(part => refusal?.includes(part) !== true);
    if (missing.length > 0) lacking.set(name, `lacks ${missing.join(' and ')}: ${refusal ?? 'it was accepted'}`);
  }
  expect(Object.fromEntries(lacking)).toEqual({});
});

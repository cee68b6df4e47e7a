// Opens the schema of the whole cluster for a moment, so nothing else may run meanwhile.
import { readFileSync } from 'node:fs';
import { type KubeClient, type KubeObject, kinds } from '@vibed/store/kube';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { artifactFrom } from '../../lib/artifact-from.ts';
import { eventually, throughout } from '../../lib/eventually.ts';
import { proves, scenario } from '../../lib/scenario.ts';

interface Crd extends KubeObject {
  spec: { versions: { schema: { openAPIV3Schema: unknown } }[] };
}

const strict = parse(readFileSync(new URL('../../../crds/artifacts.yaml', import.meta.url), 'utf8')) as Crd;

/** The CRD with anything allowed, as an older release might have left it. */
function lax(): Crd {
  const crd = structuredClone(strict);
  for (const version of crd.spec.versions)
    version.schema.openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return crd;
}

/** Its types are so wrong that the apiserver takes no write for it, not even of a status or a finalizer: it can only be left alone. */
const unwritable = { source: { files: 'index.html' }, run: { port: 'http' } };

/** An object that no schema would let in. */
const broken = (namespace: string, name: string, spec: unknown): KubeObject & { spec: unknown } => ({
  metadata: { name, namespace },
  spec,
});

/** The apiserver takes a moment to serve a changed schema, and answers nothing meanwhile. */
async function install(client: KubeClient, crd: Crd): Promise<void> {
  await client.apply(kinds.crd, crd);
  await throughout(2, () => client.list(kinds.artifact, { limit: 1 }).catch(() => ({})), {});
  await eventually(() => client.list(kinds.artifact, { limit: 1 }), {});
}

async function withLaxSchema(client: KubeClient, act: () => Promise<void>): Promise<void> {
  await install(client, lax());
  try {
    await act();
  } finally {
    await install(client, strict);
  }
}

scenario('objects that got in anyway', proves('input.fails-alone'), async stage => {
  const { client } = stage.cluster;
  const { namespace } = stage;
  const bad: Record<string, unknown> = {
    'two-sources': { source: { files: [{ path: 'a', content: 'b' }], git: { url: 'https://git.example.com/a.git' } } },
    'bad-path': { source: { files: [{ path: '../../etc/passwd', content: 'x' }] } },
    'bad-duration': { source: { files: [{ path: 'index.html', content: 'x' }] }, build: { timeout: 'soon' } },
    'no-source': { source: {} },
  };
  await withLaxSchema(client, async () => {
    for (const [name, spec] of Object.entries({ ...bad, unwritable }))
      await eventually(() => client.create(kinds.artifact, broken(namespace, name, spec)), { metadata: { name } });
  });

  const good = stage.app('good');
  await good.apply(artifactFrom('node-plain'));
  await good.runs();
  for (const name of Object.keys(bad)) {
    const state = await stage.app(name).reaches({ phase: 'failed' }, { within: 30 });
    expect(state.failure?.reason, name).toMatch(/^(Invalid|SourceInvalid)$/);
    await stage.app(name).delete();
  }
  // Nobody could take the finalizer off under the strict schema, and the namespace would stay for ever.
  await withLaxSchema(client, () => stage.app('unwritable').delete());
});

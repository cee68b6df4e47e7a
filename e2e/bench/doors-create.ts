// (p) What the API adds to a create: POST /api/artifacts through the ingress, with a source that is stored first, over the same
// Artifact sent to the apiserver. Its target is not installed, so nothing is built and nothing runs.
import { randomBytes } from 'node:crypto';
import type { Artifact } from '@vibed/crds';
import { kinds } from '@vibed/store/kube';
import { keyOf, rest } from '../../api-server/e2e/lib/door.ts';
import { namespaceOf } from '../../api-server/src/tenancy.ts';
import { type Figure, interleaved, median, ratios } from './figures.ts';
import type { BenchStage } from './stage.ts';

const singles = 3;
const user = 'bench-doors';
const files = [{ path: 'index.html', content: '<!doctype html><title>bench</title><h1>bench</h1>\n' }];
const target = 'wasmcloud';

export async function createThroughDoor({ cluster: { client } }: BenchStage, pairs: number): Promise<Figure> {
  const key = await keyOf(user);
  const namespace = namespaceOf(user);
  const made: string[] = [];
  const unused = () => `bench-${randomBytes(4).toString('hex')}`;
  const byApi = async () => {
    const name = unused();
    const { status, body } = await rest(key, 'POST', '/api/artifacts', { name, files, target });
    if (status !== 200) throw new Error(`the API answered ${status}: ${JSON.stringify(body)}`);
    made.push(name);
  };
  try {
    await byApi(); // makes the namespace
    const [first = ''] = made;
    const { spec, apiVersion, kind } = await client.get<Artifact & { metadata: { name: string } }>(kinds.artifact, {
      namespace,
      name: first,
    });
    const raw = async () => {
      const name = unused();
      await client.create(kinds.artifact, { apiVersion, kind, metadata: { name, namespace }, spec });
      made.push(name);
    };
    await raw();
    const { ours, theirs } = await interleaved(
      pairs,
      () => medianMs(byApi),
      () => medianMs(raw),
    );
    return {
      title: 'Create: POST /api/artifacts ÷ raw create on the apiserver',
      rows: [
        { what: 'API ÷ apiserver', unit: '', values: ratios(ours, theirs) },
        { what: 'through the API and its ingress', unit: 'ms', values: ours },
        { what: 'raw, on the apiserver', unit: 'ms', values: theirs },
      ],
      notes: [
        `One after the other, median of ${singles}. The API stores the files durably, looks at them, checks the key and the rate, and then creates the same Artifact.`,
      ],
    };
  } finally {
    for (const name of made) await client.delete(kinds.artifact, { namespace, name });
  }
}

async function medianMs(act: () => Promise<unknown>): Promise<number> {
  const values: number[] = [];
  for (let i = 0; i < singles; i += 1) {
    const started = performance.now();
    await act();
    values.push(performance.now() - started);
  }
  return median(values);
}

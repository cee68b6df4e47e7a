import { expect, it } from 'vitest';
import { KubeError } from './errors.ts';
import { onceCounted } from './once-counted.ts';

const refusedBy = (why: string) =>
  new KubeError('Forbidden', `artifacts.vibed.dev "a" is forbidden: ${why}`, { status: 403 });
const uncounted = refusedBy('status unknown for quota: vibed, resources: count/artifacts.vibed.dev');

it('waits for a quota that has not counted yet', async () => {
  const answers = [uncounted, uncounted, 'made'];
  const create = async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  expect(await onceCounted(create, 1_000, 1)).toBe('made');
});

it('does not wait for a quota that is full, and not for ever', async () => {
  const full = refusedBy('exceeded quota: vibed');
  await expect(onceCounted(() => Promise.reject(full), 1_000, 1)).rejects.toBe(full);
  await expect(onceCounted(() => Promise.reject(uncounted), 20, 1)).rejects.toBe(uncounted);
});

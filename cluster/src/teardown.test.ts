import { describe, expect, it } from 'vitest';
import { hierarchies } from './cgroups.ts';
import { layoutOf } from './layout.ts';
import { atLeast } from './preflight.ts';
import { isOurProgram, mountsBelow } from './teardown.ts';

describe('what is taken away', () => {
  it('is every mount below the folders, the deepest first, and nothing beside them', () => {
    const mountinfo = `21 1 8:1 / / rw - ext4 /dev/a rw
30 21 0:5 / /run/vibed-1/containerd/a/rootfs rw - overlay overlay rw
31 30 0:6 / /run/vibed-1/containerd/a/rootfs/with\\040space rw - tmpfs tmpfs rw
32 21 0:7 / /run/vibed-10/x rw - tmpfs tmpfs rw
33 21 0:8 / /run/vibed-1 rw - tmpfs tmpfs rw
`;
    expect(mountsBelow(mountinfo, ['/run/vibed-1'])).toEqual([
      '/run/vibed-1/containerd/a/rootfs/with space',
      '/run/vibed-1/containerd/a/rootfs',
      '/run/vibed-1',
    ]);
  });

  it('is every forwarder and proxy with a socket of this checkout', () => {
    const argv = (...args: string[]) => ['/usr/bin/node', ...args, ''].join('\0');
    const forward = argv('/a/cluster/src/forward.ts', 'tcp:127.0.0.1:8080', 'unix:/run/vibed-1/ingress.sock');
    const proxy = argv('/a/cluster/src/egress-proxy.ts', '/run/vibed-1/egress.sock', 'list.json');
    expect([forward, proxy].map(text => isOurProgram(text, '/run/vibed-1'))).toEqual([true, true]);
    expect([forward, proxy].map(text => isOurProgram(text, '/run/vibed-10'))).toEqual([false, false]);
    expect(isOurProgram(['less', '/run/vibed-1/egress.sock', ''].join('\0'), '/run/vibed-1')).toBe(false);
  });

  it('is looked for in every cgroup hierarchy', () => {
    const mounts =
      'cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\ntmpfs /x tmpfs rw 0 0\n';
    expect(hierarchies(mounts)).toEqual([
      { path: '/sys/fs/cgroup/cpu', v2: false },
      { path: '/sys/fs/cgroup/unified', v2: true },
    ]);
  });
});

describe('a layout', () => {
  it('has names of its own for every checkout', () => {
    const [one, two] = [layoutOf('/a/vibed'), layoutOf('/b/vibed')];
    expect(one.name).toMatch(/^vibed-[0-9a-f]{8}$/);
    expect(one.name).not.toBe(two.name);
    expect(one.cache).toBe(two.cache);
    expect(layoutOf('/a/vibed')).toEqual(one);
  });
});

describe('versions', () => {
  it.each([
    ['1.26.8', '1.26.8', true],
    ['1.27', '1.26.8', true],
    ['1.26.10', '1.26.8', true],
    ['1.26', '1.26.8', false],
    ['1.9', '1.26', false],
  ])('%s is at least %s: %s', (a, b, is) => expect(atLeast(a, b)).toBe(is));
});

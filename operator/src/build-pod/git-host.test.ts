import { lookup } from 'node:dns/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { gitRoute } from './git-host.ts';

vi.mock('node:dns/promises', () => ({ lookup: vi.fn() }));

/** Names and their addresses; any other name does not exist. */
const names: Record<string, string[]> = {
  'git.example.com': ['1.1.1.1', '2606:4700::1111'],
  'half.example.com': ['1.1.1.1', '10.0.0.1'],
  'rebind.example.com': ['127.0.0.1'],
  'mapped.example.com': ['::ffff:10.0.0.1'],
  'git.team-git.svc': ['10.96.3.4'],
  'kubernetes.default.svc': ['10.96.0.1'],
};
beforeEach(() => {
  vi.mocked(lookup).mockReset();
  vi.mocked(lookup).mockImplementation((async (host: string) => {
    if (host === 'slow.example.com') throw Object.assign(new Error('try again'), { code: 'EAI_AGAIN' });
    const found = names[host];
    if (found === undefined) throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
    return found.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
  }) as never);
});

const none = { allow: [], internal: [] };
const route = (url: string, rules: { allow?: string[]; internal?: string[] } = {}, env = {}) =>
  gitRoute(new URL(url), { ...none, ...rules }, env);
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    ({ reason, message, remedy }) => ({ reason, message, remedy }),
  );

it('connects to the addresses that it has judged, and asks for them once', async () => {
  expect(await route('https://git.example.com/x')).toEqual({
    kind: 'direct',
    addresses: ['1.1.1.1', '2606:4700::1111'],
  });
  expect(lookup).toHaveBeenCalledTimes(1);
});

describe('a host that may not be reached, or is not there', () => {
  it.each([
    'https://127.0.0.1/x',
    'https://127.1/x',
    'https://2130706433/x',
    'https://0x7f000001/x',
    'https://0/x',
    'https://10.96.0.1:443/x',
    'https://169.254.169.254/latest',
    'https://100.64.0.1/x',
    'https://172.31.255.255/x',
    'https://192.168.1.1/x',
    'https://[::1]/x',
    'https://[::]/x',
    'https://[::ffff:10.0.0.1]/x',
    'https://[::ffff:7f00:1]/x',
    'https://[64:ff9b::a00:1]/x',
    'https://[2002:a00:1::]/x',
    'https://[fd00::1]/x',
    'https://[fe80::1]/x',
    'ssh://git@10.0.0.1/x',
    'https://rebind.example.com/x',
    'https://half.example.com/x',
    'https://mapped.example.com/x',
    'https://kubernetes.default.svc/x',
    'https://nothing.default.svc/x',
    'https://no-such-host.example.com/x',
    'https://slow.example.com/x',
  ])('%s has the same answer', async url => {
    const same = await refusal(route('https://never-was.example.com/x'));
    expect(same).toMatchObject({ reason: 'GitUrlRefused', message: expect.not.stringMatching(/never-was/) });
    expect(await refusal(route(url))).toEqual(same);
  });

  it('counts what the site calls internal', async () => {
    expect(await refusal(route('https://git.example.com/x', { internal: ['1.1.1.0/24'] }))).toMatchObject({
      reason: 'GitUrlRefused',
    });
  });
});

describe('what the settings allow', () => {
  it.each([
    ['https://10.96.0.1/x', '10.96.0.0/16', []],
    ['https://kubernetes.default.svc/x', '10.96.0.0/16', ['10.96.0.1']],
    ['https://git.team-git.svc/x', 'git.*.svc', ['10.96.3.4']],
    ['https://git.team-git.svc./x', 'git.*.svc', undefined],
    ['https://kubernetes.default.svc/x', 'git.*.svc', undefined],
    ['https://git.a.b.svc/x', 'git.*.svc', undefined],
    ['https://rebind.example.com/x', 'example.com', undefined],
    ['https://[fd00::1]/x', 'fd00::/8', []],
  ])('%s by %s', async (url, rule, addresses) => {
    const result = route(url, { allow: [rule] });
    if (addresses === undefined) expect(await refusal(result)).toMatchObject({ reason: 'GitUrlRefused' });
    else expect(await result).toEqual({ kind: 'direct', addresses });
  });
});

describe('a proxy', () => {
  const env = { https_proxy: 'http://proxy:3128', no_proxy: '.svc,10.0.0.0/8, plain.example.com:8443' };

  it.each([
    ['https://git.example.com/x', 'proxy'],
    ['https://kubernetes.default/x', 'proxy'],
    ['https://plain.example.com/x', 'proxy'],
    ['http://git.example.com/x', 'direct'],
    ['ssh://git.example.com/x', 'direct'],
  ])('%s: %s', async (url, kind) => expect(await route(url, {}, env)).toMatchObject({ kind }));

  it('resolves the name itself', async () => {
    await route('https://git.example.com/x', {}, env);
    expect(lookup).not.toHaveBeenCalled();
  });

  it.each(['https://10.0.0.1/x', 'https://127.0.0.1/x', 'https://kubernetes.default.svc/x', 'https://a.b.svc/x'])(
    'is no way to %s',
    async url => expect(await refusal(route(url, {}, env))).toMatchObject({ reason: 'GitUrlRefused' }),
  );
});

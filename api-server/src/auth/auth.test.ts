import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { readConfig } from '../config.ts';
import { namespaceOf } from '../tenancy.ts';
import { mayDo } from './caller.ts';
import { KeyRing, mintKey } from './keys.ts';
import { checkOrigin, originRules } from './origin.ts';
import { RateLimiter } from './rate-limit.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

describe('keys', () => {
  it('are known by their hash, and end when they are revoked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vibed-keys-'));
    const { id, key, entry } = mintKey('alice', 'read');
    expect(JSON.stringify(entry)).not.toContain(key.slice(-20));
    writeFileSync(join(folder, id), JSON.stringify(entry));
    writeFileSync(join(folder, 'broken'), 'hunter2');
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    const ring = new KeyRing(folder, log);
    expect(await ring.callerOf(key)).toEqual({ user: 'alice', scope: 'read', keyId: id });
    expect(await ring.callerOf(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)).toBeUndefined();
    expect(await ring.callerOf('vibed_x_y')).toBeUndefined();
    rmSync(join(folder, id));
    now.mockReturnValue(3_000);
    expect(await ring.callerOf(key)).toBeUndefined();
    expect(JSON.stringify(log.warn.mock.calls)).not.toContain('hunter2');
    now.mockRestore();
  });

  it('have scopes that contain each other', () => {
    const caller = { user: 'a', scope: 'write' } as const;
    expect([mayDo(caller, 'read'), mayDo(caller, 'write'), mayDo(caller, 'admin')]).toEqual([true, true, false]);
  });
});

describe('the origin', () => {
  const rules = originRules('https://vibed.example.com', ['inside.svc']);
  it.each([
    ['vibed.example.com', undefined],
    ['localhost:8090', 'http://localhost:3000'],
    ['inside.svc:80', 'https://vibed.example.com'],
  ])('%s with %s is served', (host, origin) => {
    expect(() => checkOrigin(rules, host, origin)).not.toThrow();
  });
  it.each([
    ['evil.example', undefined],
    [undefined, undefined],
    ['localhost', 'https://evil.example'],
    ['localhost', 'null'],
    ['vibed.example.com.evil.example', undefined],
    ['localhost', 'https://vibed.example.com@evil.example'],
  ])('%s with %s is not', (host, origin) => {
    expect(() => checkOrigin(rules, host, origin)).toThrow(/not served/);
  });
});

describe('the rate limit', () => {
  it('lets a burst pass, then tells how long to wait, per user', () => {
    let now = 0;
    const limiter = new RateLimiter({ burst: 2, perSecond: 0.5 }, () => now);
    limiter.take('a');
    limiter.take('a');
    expect(() => limiter.take('a')).toThrow(
      expect.objectContaining({ code: 'RateLimited', details: expect.objectContaining({ retryAfterSeconds: 2 }) }),
    );
    limiter.take('b');
    now = 2_000;
    limiter.take('a');
  });
});

describe('tenancy', () => {
  it('names one namespace per user, valid whatever the user is called', () => {
    const users = ['alice', 'Alice', 'alice@example.com', 'alice.example.com', '', '日本', '-a-', 'x'.repeat(300)];
    const names = users.map(namespaceOf);
    expect(new Set(names).size).toBe(users.length);
    for (const name of names) expect(name).toMatch(/^vibed-[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/);
  });
});

describe('the configuration', () => {
  it('refuses to serve strangers without keys', () => {
    expect(readConfig({}).keysDir).toBeUndefined();
    expect(() => readConfig({ VIBED_LISTEN: '0.0.0.0:80' })).toThrow(/VIBED_KEYS/);
    expect(readConfig({ VIBED_LISTEN: '0.0.0.0:80', VIBED_KEYS: '/keys' }).listen).toEqual({
      host: '0.0.0.0',
      port: 80,
    });
    expect(() => readConfig({ VIBED_LISTEN: 'x' })).toThrow(/VIBED_LISTEN/);
  });
});

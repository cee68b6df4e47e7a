import { expect, it } from 'vitest';
import { attackOn } from './attack.testing.ts';

// All of these were in use once, and stopped vibeD.
it.each([
  /<title[^>]*>([^<]{1,200})/i,
  /<script\b[^>]*?\bsrc\s*=\s*["']?([^"'\s>]+)/gi,
  /^npm (?:ERR!|error) Usage:[\s\S]*?^npm (?:ERR!|error) Run "npm help [a-z-]+" for more info\n/gm,
  /(?:assets|static\/(?:js|css)|_astro)\/[^"'<>]*[-.][\w-]{8,}\.(?:js|css)["']/,
  /^[A-Za-z0-9+/\s]*={0,2}\s*$/,
  /^\s*(?:import|from)\s+streamlit\b/m,
  /^def\s+(create_app)\s*\(\s*(?:\)|\w+\s*(?::[^=,)]+)?=)/m,
  /go: (\S+@\S+): (?:reading|invalid version)/,
  /\/+$/,
  /^(a+)+$/,
])('finds what makes %s slow', pattern => {
  expect(attackOn(pattern, 256 * 1024, 50)).toBeDefined();
});

it.each([/<title>/i, /^[ \t]*(?:import|from)[ \t]+streamlit\b/m, /(?<!\/)\/+$/, /^[A-Za-z0-9+/\s]*(?:={1,2}\s*)?$/])(
  'finds nothing that makes %s slow',
  pattern => {
    expect(attackOn(pattern, 256 * 1024, 50)).toBeUndefined();
  },
);

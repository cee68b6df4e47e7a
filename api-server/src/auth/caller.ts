// Who asks, and what they may do. Scopes contain each other: admin ⊃ write ⊃ read.
import { z } from 'zod';

export const scopes = ['read', 'write', 'admin'] as const;
export const scopeSchema = z.enum(scopes);
export type Scope = (typeof scopes)[number];

export interface Caller {
  /** The owner of everything this caller makes. */
  readonly user: string;
  readonly scope: Scope;
  /** Id of the key, for the audit log; undefined for an anonymous caller on loopback. */
  readonly keyId?: string | undefined;
}

export function mayDo(caller: Caller, needed: Scope): boolean {
  return scopes.indexOf(caller.scope) >= scopes.indexOf(needed);
}

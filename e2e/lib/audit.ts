// The apiserver's own account of who wrote what: the proof that nothing was written.
import { open, stat } from 'node:fs/promises';
import type { Cluster } from './cluster.ts';

interface AuditEntry {
  verb: string;
  requestURI: string;
  user?: { username?: string };
  objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code?: number };
}

const writing = ['create', 'update', 'patch', 'delete', 'deletecollection'];
/** Leases and Events are not counted, and asking about a right or a token changes nothing. */
const uncounted = ['leases', 'events', 'subjectaccessreviews', 'selfsubjectaccessreviews', 'tokenreviews'];

/** Now, as a place in the audit log. */
export async function auditMark(cluster: Cluster): Promise<number> {
  return (await stat(cluster.auditLog)).size;
}

/** `verb resource namespace/name` of each write of the operator since the mark. */
export async function operatorWritesSince(cluster: Cluster, mark: number): Promise<string[]> {
  const user = `system:serviceaccount:${cluster.systemNamespace}:`;
  return (await entriesSince(cluster, mark))
    .filter(entry => entry.user?.username?.startsWith(user))
    .filter(entry => writing.includes(entry.verb) && !uncounted.includes(entry.objectRef?.resource ?? ''))
    .map(describe);
}

function describe({ verb, objectRef = {}, responseStatus }: AuditEntry): string {
  const resource = [objectRef.resource, objectRef.subresource].filter(part => part !== undefined).join('/');
  return `${verb} ${resource} ${objectRef.namespace}/${objectRef.name} → ${responseStatus?.code}`;
}

async function entriesSince(cluster: Cluster, mark: number): Promise<AuditEntry[]> {
  const file = await open(cluster.auditLog);
  try {
    const { size } = await file.stat();
    // A rotated log begins anew.
    const from = size < mark ? 0 : mark;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const lines = buffer.subarray(0, bytesRead).toString('utf8').split('\n');
    return lines.flatMap(line => (line.endsWith('}') ? [JSON.parse(line) as AuditEntry] : []));
  } finally {
    await file.close();
  }
}

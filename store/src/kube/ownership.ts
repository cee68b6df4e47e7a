// Who owns which field, after a create by POST and updates by server-side apply. The API server books a POST as an "Update" of its
// manager, apart from what the same manager applies; a field that was created and is not applied any more would then stay for ever,
// for its creator still owns it. So creates run under a manager name of their own, and the first apply turns that entry into the
// applied one (as client-go's csaupgrade does) and applies again: now the server sees what is missing, and removes it.
import type { JsonPatchOperation } from './client.ts';

interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
}

/** The manager under which objects are created whose fields `fieldManager` applies later. */
export function creatorOf(fieldManager: string): string {
  return `${fieldManager}-create`;
}

/** The patch that makes what was created count as applied; undefined when that is done, or the object was created by others. */
export function takeOverPatch(object: object, fieldManager: string): JsonPatchOperation[] | undefined {
  const { managedFields = [] } = (object as { metadata?: { managedFields?: ManagedFieldsEntry[] } }).metadata ?? {};
  const indexOf = (manager: string, operation: string) =>
    managedFields.findIndex(
      entry => entry.manager === manager && entry.operation === operation && entry.subresource === undefined,
    );
  const created = indexOf(creatorOf(fieldManager), 'Update');
  if (created < 0) return undefined;
  const applied = indexOf(fieldManager, 'Apply');
  const at = (index: number, field: string) => `/metadata/managedFields/${index}/${field}`;
  const takeOver: JsonPatchOperation[] = [
    // The server may have reordered its books since.
    { op: 'test', path: at(created, 'manager'), value: creatorOf(fieldManager) },
    { op: 'replace', path: at(created, 'manager'), value: fieldManager },
    { op: 'replace', path: at(created, 'operation'), value: 'Apply' },
  ];
  if (applied < 0) return takeOver;
  return [
    ...takeOver,
    { op: 'test', path: at(applied, 'manager'), value: fieldManager },
    { op: 'test', path: at(applied, 'operation'), value: 'Apply' },
    { op: 'remove', path: `/metadata/managedFields/${applied}` },
  ];
}

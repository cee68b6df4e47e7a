// The shape that every object must have before anything reads it. The apiserver guarantees it; a cache must not depend on that.

type Check = (value: unknown) => boolean;

const isText: Check = value => typeof value === 'string';
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTextMap: Check = value => isRecord(value) && Object.values(value).every(isText);

/** Members of metadata that may be absent. */
const optional: readonly (readonly [string, Check])[] = [
  ['namespace', isText],
  ['uid', isText],
  ['resourceVersion', isText],
  ['generation', value => typeof value === 'number'],
  ['labels', isTextMap],
  ['annotations', isTextMap],
  ['finalizers', value => Array.isArray(value) && value.every(isText)],
  ['ownerReferences', value => Array.isArray(value) && value.every(isRecord)],
  ['creationTimestamp', isText],
  ['deletionTimestamp', isText],
];

/** What makes an object unusable as a KubeObject, in words; undefined when nothing does. */
export function shapeProblem(object: unknown): string | undefined {
  if (!isRecord(object)) return 'it is not an object';
  const { metadata } = object;
  if (!isRecord(metadata)) return 'metadata is not an object';
  if (typeof metadata.name !== 'string' || metadata.name === '') return 'metadata.name is not a name';
  const wrong = optional.find(([name, holds]) => metadata[name] !== undefined && !holds(metadata[name]));
  return wrong === undefined ? undefined : `metadata.${wrong[0]} has the wrong type`;
}

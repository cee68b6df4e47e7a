// The members of children that plans read, with their types. Kubernetes checks its own kinds and a CRD its own, as far as its schema
// goes; an object of another shape is left out of the caches, so that no plan has to expect it.
import { type Kind, type KubeObject, kinds } from '@vibed/store/kube';
import { z } from 'zod';

const text = z.string().optional();
const number = z.number().optional();

const conditions = z
  .array(z.object({ type: z.string(), status: z.string(), reason: text, message: text, observedGeneration: number }))
  .nullish();
const containerStatuses = z
  .array(
    z.object({
      name: z.string(),
      image: text,
      ready: z.boolean().optional(),
      restartCount: number,
      state: z.lazy(() => containerState).optional(),
      lastState: z.lazy(() => containerState).optional(),
    }),
  )
  .nullish();
const containerState = z.object({
  waiting: z.object({ reason: text, message: text }).optional(),
  running: z.object({}).optional(),
  terminated: z.object({ exitCode: number, reason: text, message: text }).optional(),
});
const traffic = z.array(z.object({ revisionName: text, percent: number, tag: text, url: text })).nullish();
const observed = { observedGeneration: number, conditions };

const shapes = new Map<Kind, z.ZodType>([
  [
    kinds.job,
    z.object({
      spec: z.object({ suspend: z.boolean().optional() }).optional(),
      status: z.object({ conditions }).optional(),
    }),
  ],
  [
    kinds.pod,
    z.object({
      status: z
        .object({
          phase: text,
          reason: text,
          podIP: text,
          conditions,
          initContainerStatuses: containerStatuses,
          containerStatuses,
        })
        .optional(),
    }),
  ],
  [kinds.deployment, z.object({ spec: z.object({}).optional(), status: z.object(observed).optional() })],
  [kinds.service, z.object({ spec: z.object({ selector: z.record(z.string(), z.string()).optional() }).optional() })],
  [
    kinds.httpRoute,
    z.object({ status: z.object({ parents: z.array(z.object({ conditions })).nullish() }).optional() }),
  ],
  [
    kinds.knativeService,
    z.object({
      spec: z
        .object({
          template: z
            .object({ metadata: z.object({ name: text }).optional(), spec: z.object({}).optional() })
            .optional(),
          traffic,
        })
        .optional(),
      status: z.object({ ...observed, url: text, traffic }).optional(),
    }),
  ],
  [kinds.knativeRevision, z.object({ spec: z.object({}).optional(), status: z.object(observed).optional() })],
]);

/** Throws when a member that plans read has another type than they expect. */
export function checkShape(kind: Kind, object: KubeObject): void {
  const [issue] = shapes.get(kind)?.safeParse(object).error?.issues ?? [];
  if (issue !== undefined) throw new Error(`${issue.path.map(String).join('.')}: ${issue.message}`);
}

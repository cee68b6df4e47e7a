// How the kubelet watches a process whose container has a port `health` (health.ts).

const probe = (path: string) => ({ httpGet: { path, port: 'health' }, timeoutSeconds: 5 });

/**
 * /healthz fails only when the main loop has not turned for a minute; with three failures on top a process that hangs is restarted
 * after a minute and a half. A node that is short of CPU gets two minutes to start it.
 */
export const healthProbes = {
  startupProbe: { ...probe('/healthz'), periodSeconds: 1, failureThreshold: 120 },
  livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 3 },
  readinessProbe: { ...probe('/readyz'), periodSeconds: 2, failureThreshold: 3 },
};

// From what the app printed to a better reason than "it did not start".
import type { Reason } from '@vibed/crds';
import { portOf, type Version } from './deployer.ts';
import { needsRoot } from './pod-problems.ts';

interface Explanation {
  reason: Reason;
  message: string;
  remedy: string;
}

const listening = /(?:listening|running|serving|started|ready|available)\b[^\n]{0,150}?[: ](\d{2,5})\b/i;
const loopback = /localhost|127\.0\.0\.1|\[::1\]/;
const rootOnly =
  /permission denied|EACCES|operation not permitted|EPERM|must be run as root|are you root|only root can|setgid|setuid|chown\(/i;

export function explainAppLog(known: Explanation, log: string, version: Pick<Version, 'spec' | 'build'>): Explanation {
  if (known.reason === 'StartTimeout') return wrongPort(known, log, portOf(version.spec, version.build));
  if (known.reason === 'CrashLoop') {
    const line = log.split('\n').find(l => rootOnly.test(l));
    if (line !== undefined) {
      const { reason, message, remedy } = needsRoot(line.trim());
      return { reason, message, remedy };
    }
  }
  return known;
}

function wrongPort(known: Explanation, log: string, port: number): Explanation {
  const line = log.split('\n').findLast(l => listening.test(l));
  const found = line?.match(listening);
  if (line === undefined || found === null || found === undefined) return known;
  const quoted = line.trim().slice(0, 200);
  const said = Number(found[1]);
  if (said !== port)
    return {
      reason: 'WrongPort',
      message: `the app says "${quoted}", but vibeD asks port ${port}`,
      remedy: `Set spec.run.port: ${said}, or let the app listen on the port in $PORT, at 0.0.0.0.`,
    };
  if (!loopback.test(line)) return known;
  return {
    reason: 'WrongPort',
    message: `the app says "${quoted}": that address is reachable only from inside its own container`,
    remedy: 'Let it listen at 0.0.0.0 (HOST says so) instead of localhost.',
  };
}

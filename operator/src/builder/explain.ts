// From the last lines of a failed build to a reason a person can act on. Patterns are what the package managers print.
import type { Reason } from '@vibed/crds';

interface Explanation {
  reason: Reason;
  message: string;
  remedy: string;
}

const missing: readonly { pattern: RegExp; name: (match: RegExpMatchArray) => string }[] = [
  { pattern: /npm (?:ERR!|error) 404 +'([^']+)' is not in this registry/, name: m => m[1] ?? '' },
  { pattern: /npm (?:ERR!|error) 404 Not Found - GET \S+\/(\S+)/, name: m => decodeURIComponent(m[1] ?? '') },
  { pattern: /npm (?:ERR!|error) notarget No matching version found for (\S+?)\.?$/m, name: m => m[1] ?? '' },
  { pattern: /ERR_PNPM_(?:FETCH_404|NO_MATCHING_VERSION)\S* +(.+)/, name: m => m[1] ?? '' },
  { pattern: /error Couldn't find (?:package|any versions for) "?([^"\s]+)/, name: m => m[1] ?? '' },
  { pattern: /ERROR: No matching distribution found for (\S+)/, name: m => m[1] ?? '' },
  { pattern: /no required module provides package (\S+?);/, name: m => m[1] ?? '' },
  { pattern: /go: ([^\s@]+@[^\s@]+): (?:reading|invalid version|module lookup)/, name: m => m[1] ?? '' },
  { pattern: /error: no matching package named `([^`]+)` found/, name: m => m[1] ?? '' },
  { pattern: /Cannot find module '([^'./][^']*)'/, name: m => m[1] ?? '' },
  { pattern: /(?:Rollup failed to resolve import|Could not resolve) "([^"./][^"]*)"/, name: m => m[1] ?? '' },
  { pattern: /ModuleNotFoundError: No module named '([^']+)'/, name: m => m[1] ?? '' },
];

const lockMismatch =
  /npm ci.*can only install packages when your package\.json and package-lock\.json|ERR_PNPM_OUTDATED_LOCKFILE|Your lockfile needs to be updated/;

/** Narrows BuildFailed down by its log; every other reason is already exact. */
export function explainBuildLog(known: Explanation, log: string): Explanation {
  if (known.reason !== 'BuildFailed') return known;
  if (lockMismatch.test(log))
    return {
      reason: 'DependencyMissing',
      message: 'the lockfile does not match the manifest',
      remedy: 'Run the package manager’s install once and send the new lockfile along, or leave the lockfile out.',
    };
  for (const { pattern, name } of missing) {
    const match = log.match(pattern);
    if (match !== null)
      return {
        reason: 'DependencyMissing',
        message: `the dependency ${name(match)} could not be found`,
        remedy:
          'Check its name and version in the manifest (package.json, requirements.txt, go.mod …), add it if it is only imported, and deploy again.',
      };
  }
  return known;
}

// The source step's own reasons, in the vocabulary of conditions.
import type { Reason } from '@vibed/crds';
import type { SourceFault, SourceReport } from '../build-pod/job.ts';

const reasonOf: Record<SourceFault, Reason> = {
  LanguageUnknown: 'LanguageUnknown',
  DockerfileMissing: 'DockerfileMissing',
  EntrypointMissing: 'EntrypointMissing',
  PathUnsafe: 'SourceInvalid',
  Unsupported: 'LanguageUnknown',
  VersionUnavailable: 'VersionUnavailable',
  SourceTooComplex: 'SourceTooComplex',
  SourceInvalid: 'SourceInvalid',
  SourceTooLarge: 'SourceInvalid',
  SourceDigestMismatch: 'SourceInvalid',
  SourceNotFound: 'SourceUnavailable',
  SourceForbidden: 'SourceUnavailable',
  SourceUnreachable: 'SourceUnavailable',
  GitUrlRefused: 'SourceInvalid',
  GitAuthFailed: 'GitAuthFailed',
  GitHostKeyUnknown: 'GitAuthFailed',
  GitRepositoryNotFound: 'SourceUnavailable',
  GitRefNotFound: 'GitRefNotFound',
  GitPathNotFound: 'SourceInvalid',
  GitUnreachable: 'SourceUnavailable',
  SourceTimedOut: 'SourceUnavailable',
  Internal: 'SourceUnavailable',
};

export function sourceProblem({ reason, message, remedy }: SourceReport & { ok: false }): {
  reason: Reason;
  message: string;
  remedy: string;
} {
  return { reason: reasonOf[reason], message, remedy };
}

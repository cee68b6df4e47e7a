import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ConditionType, conditionTypes, phaseOf, type Reason, reasons } from './conditions.ts';
import { type Condition, type Phase, phases } from './status.ts';

type Brief = [type: ConditionType, status: Condition['status'], reason: Reason];

const conditions = (...list: Brief[]): Condition[] =>
  list.map(([type, status, reason]) => ({ type, status, reason, message: '', lastTransitionTime: '' }));

const accepted: Brief = ['Accepted', 'True', 'Accepted'];
const built: Brief = ['Built', 'True', 'Built'];
const deployed: Brief = ['Deployed', 'True', 'Verified'];
const notReady: Brief = ['Ready', 'Unknown', 'Progressing'];
const available: Brief = ['Available', 'True', 'Verified'];
const unavailable: Brief = ['Available', 'False', 'Unavailable'];
const reconciling: Brief = ['Reconciling', 'True', 'Progressing'];

const table: { what: string; given: Brief[]; want: Phase }[] = [
  { what: 'nothing is known yet', given: [], want: 'pending' },
  {
    what: 'it waits for a target',
    given: [['Accepted', 'Unknown', 'TargetUnavailable'], notReady, unavailable],
    want: 'pending',
  },
  {
    what: 'the build is queued',
    given: [accepted, ['Built', 'Unknown', 'BuildQueued'], notReady, reconciling],
    want: 'pending',
  },
  {
    what: 'the build runs',
    given: [accepted, ['Built', 'Unknown', 'Building'], notReady, reconciling],
    want: 'building',
  },
  {
    what: 'the workload starts',
    given: [accepted, built, ['Deployed', 'Unknown', 'Deploying'], notReady],
    want: 'deploying',
  },
  {
    what: 'the new version is probed',
    given: [accepted, built, deployed, ['Ready', 'Unknown', 'Verifying']],
    want: 'deploying',
  },
  {
    what: 'an update builds while the old version serves',
    given: [accepted, ['Built', 'Unknown', 'Building'], notReady, available],
    want: 'building',
  },
  {
    what: 'it is verified',
    given: [accepted, built, deployed, ['Ready', 'True', 'Verified'], available],
    want: 'running',
  },
  {
    what: 'it was verified, but answers no more',
    given: [accepted, built, deployed, ['Ready', 'True', 'Verified'], unavailable],
    want: 'failed',
  },
  {
    what: 'the build failed',
    given: [
      accepted,
      ['Built', 'False', 'BuildFailed'],
      ['Ready', 'False', 'BuildFailed'],
      unavailable,
      ['Stalled', 'True', 'BuildFailed'],
    ],
    want: 'failed',
  },
  {
    what: 'an update failed while the old version serves',
    given: [
      accepted,
      built,
      deployed,
      ['Ready', 'False', 'ProbeFailed'],
      available,
      ['Stalled', 'True', 'ProbeFailed'],
    ],
    want: 'failed',
  },
  {
    what: 'the spec is refused',
    given: [
      ['Accepted', 'False', 'Invalid'],
      ['Ready', 'False', 'Invalid'],
      ['Stalled', 'True', 'Invalid'],
    ],
    want: 'failed',
  },
  {
    what: 'it is suspended',
    given: [accepted, built, ['Ready', 'True', 'Suspended'], unavailable],
    want: 'suspended',
  },
  { what: 'it expired', given: [accepted, ['Ready', 'True', 'Expired'], unavailable], want: 'suspended' },
  {
    what: 'it was suspended after a failure',
    given: [accepted, ['Ready', 'True', 'Suspended'], ['Stalled', 'True', 'BuildFailed']],
    want: 'suspended',
  },
];

describe('the phase', () => {
  test.for(table)('is $want when $what', ({ given, want }) => {
    expect(phaseOf(conditions(...given), false)).toBe(want);
  });

  test('is deleting from the moment of the request, whatever the conditions say', () => {
    for (const { given } of table) expect(phaseOf(conditions(...given), true)).toBe('deleting');
  });

  test('is one of the phases, never running without Ready, and independent of the order of conditions', () => {
    const condition = fc.record({
      type: fc.constantFrom(...conditionTypes),
      status: fc.constantFrom<Condition['status'][]>('True', 'False', 'Unknown'),
      reason: fc.constantFrom(...(Object.keys(reasons) as Reason[])),
      message: fc.constant(''),
      lastTransitionTime: fc.constant(''),
    });
    fc.assert(
      fc.property(fc.uniqueArray(condition, { selector: c => c.type }), fc.boolean(), (list, deleting) => {
        const phase = phaseOf(list, deleting);
        expect(phases).toContain(phase);
        expect(phaseOf(list.toReversed(), deleting)).toBe(phase);
        if (phase === 'running') expect(list.find(c => c.type === 'Ready')?.status).toBe('True');
      }),
    );
  });
});

test('every reason is PascalCase and explained in a sentence', () => {
  for (const [reason, meaning] of Object.entries(reasons)) {
    expect(reason).toMatch(/^([A-Z][a-z]+)+$/);
    expect(meaning).toMatch(/^\S.*\.$/);
  }
});

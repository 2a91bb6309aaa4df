/* Events as a week of a small household brings them. */
import type { EventOf, SnapshotFacts } from '../../src/notify/event.ts'

export const now = new Date('2026-11-21T03:21:09Z')
const host = 'main'

export const snapshot: SnapshotFacts = {
  name: '7-0123456789abcdef',
  created: new Date('2026-11-21T03:21:04Z'),
  files: 48_210,
  bytes: 312_400_000_000,
}

export const failure: EventOf<'failure'> = {
  kind: 'failure',
  host,
  now,
  failed: [
    {
      destination: 'cloud',
      message: 'the bucket photos does not let these credentials in (403)',
      hint: 'Look whether the access key still exists.',
      lastGood: new Date('2026-11-20T03:19:30Z'),
      isInDoubt: false,
    },
  ],
  good: ['disk'],
}

export const failureEverywhere: EventOf<'failure'> = {
  kind: 'failure',
  host: 'attic',
  now,
  failed: ['disk', 'cloud', 'friend'].map((destination) => ({
    destination,
    message: 'the configuration has one problem\n  safelight.yaml:1: library: there is no folder /data',
    hint: undefined,
    lastGood: undefined,
    isInDoubt: false,
  })),
  good: [],
}

export const vaultGone: EventOf<'failure'> = {
  ...failure,
  failed: [
    {
      destination: 'disk',
      message: 'there is no vault at /mnt/disk: it has no vault.json',
      hint: 'The configuration says that one was here: it was emptied, or is not mounted. Look at the storage first.',
      lastGood: new Date('2026-11-20T03:19:30Z'),
      isInDoubt: true,
    },
  ],
  good: [],
}

/** One vault is gone, and another storage does not answer. */
export const failureOfTwoKinds: EventOf<'failure'> = {
  ...vaultGone,
  failed: [...vaultGone.failed, ...failure.failed],
}

export const partial: EventOf<'partial'> = {
  kind: 'partial',
  host,
  now,
  destinations: ['disk', 'cloud'].map((destination) => ({
    destination,
    snapshot,
    warnings: ['12 files could not be read; what was stored before is kept in the snapshot'],
  })),
}

export const sharpDrop: EventOf<'sharp-drop'> = {
  kind: 'sharp-drop',
  host,
  now,
  destinations: [
    {
      destination: 'disk',
      snapshot: { ...snapshot, files: 1200 },
      before: '6-fedcba9876543210',
      warnings: ['files dropped sharply, from 48,210 to 1,200, since snapshot 6'],
    },
  ],
}

export const recovery: EventOf<'recovery'> = {
  kind: 'recovery',
  host,
  now,
  what: 'backup',
  destinations: [{ destination: 'cloud', snapshot, since: new Date('2026-11-18T03:17:30Z') }],
}

export const verified: EventOf<'recovery'> = {
  ...recovery,
  what: 'verification',
  destinations: [{ destination: 'cloud', snapshot: undefined, since: new Date('2026-11-14T09:40:00Z') }],
}

export const firstSuccess: EventOf<'first-success'> = {
  kind: 'first-success',
  host,
  now,
  destinations: [{ destination: 'disk', snapshot, immich: '3.1.0' }],
}

export const overdue: EventOf<'overdue'> = {
  kind: 'overdue',
  host,
  now,
  destinations: [
    { destination: 'cloud', lastGood: new Date('2026-11-18T03:17:30Z'), expectEveryMs: 26 * 3_600_000 },
  ],
}

export const neverBackedUp: EventOf<'overdue'> = {
  ...overdue,
  destinations: [{ destination: 'friend', lastGood: undefined, expectEveryMs: 26 * 3_600_000 }],
}

export const unseen: EventOf<'overdue'> = {
  ...overdue,
  destinations: neverBackedUp.destinations.map((each) => ({
    ...each,
    unreachable: 'the SSH server friend.example.org does not answer',
  })),
}

export const overdueAndUnseen: EventOf<'overdue'> = {
  ...overdue,
  destinations: overdue.destinations.map((each) => ({
    ...each,
    unreachable: 'it did not answer within 30 seconds',
  })),
}

export const damaged: EventOf<'verification-failure'> = {
  kind: 'verification-failure',
  host,
  now,
  destination: 'disk',
  problem: { kind: 'damaged', findings: 2, paths: 3, statement: '200 of 16,400 objects checked, 2 bad' },
}

export const incomplete: EventOf<'verification-failure'> = {
  ...damaged,
  problem: { kind: 'incomplete', findings: 5, statement: '195 of 16,400 objects checked, 5 bad' },
}

export const unverified: EventOf<'verification-failure'> = {
  ...damaged,
  problem: {
    kind: 'failed',
    message:
      'the vault does not show snapshot record 9-0123456789abcdef, which the state directory remembers',
    hint: 'Records were deleted or are being hidden, or an older copy of the vault was put in place.',
  },
}

export const goodWeek: EventOf<'digest'> = {
  kind: 'digest',
  host,
  now,
  destinations: [
    {
      destination: 'disk',
      snapshot,
      isSeen: true,
      problems: [],
      coverage: 'every object was read back since 2026-08-01',
    },
  ],
}

export const badWeek: EventOf<'digest'> = {
  ...goodWeek,
  destinations: [
    ...goodWeek.destinations,
    {
      destination: 'cloud',
      snapshot: { ...snapshot, created: new Date('2026-11-18T03:17:30Z') },
      isSeen: true,
      problems: ['the last good backup is 3 d 00 h old, and one is expected every 26 h'],
      coverage: undefined,
    },
    { destination: 'friend', snapshot: undefined, isSeen: true, problems: [], coverage: undefined },
    {
      destination: 'attic',
      snapshot: undefined,
      isSeen: false,
      problems: ['the SSH server attic.example.org does not answer'],
      coverage: undefined,
    },
  ],
}

export const everyEvent = [
  failure,
  failureEverywhere,
  vaultGone,
  failureOfTwoKinds,
  partial,
  sharpDrop,
  recovery,
  verified,
  firstSuccess,
  overdue,
  neverBackedUp,
  unseen,
  overdueAndUnseen,
  damaged,
  incomplete,
  unverified,
  goodWeek,
  badWeek,
]

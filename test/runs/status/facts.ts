import type { RunReport } from '../../../src/runs/backup/runReport.ts'
import type { DestinationFacts, KnownRun, VaultFacts } from '../../../src/runs/status/facts.ts'
import type { VerificationDocument } from '../../../src/runs/verify/document.ts'
import type { Job } from '../../../src/state/run.ts'
import type { SnapshotRecord } from '../../../src/vault/record.ts'

/** The moment at which all of these are judged. */
export const now = new Date('2026-11-21T05:12:00Z')
const hash = '0'.repeat(64)

/** A snapshot of two o'clock that day, made without any trouble. */
export function record(wishes: Partial<SnapshotRecord> = {}): SnapshotRecord {
  return {
    version: 1,
    host: 'main',
    runId: '3f42e71d91374bc4',
    sequence: 12,
    parents: [],
    started: '2026-11-21T02:00:00.000Z',
    created: '2026-11-21T02:00:51.000Z',
    filesTaken: '2026-11-21T02:00:00.000Z',
    complete: true,
    program: 'safelight test',
    immich: { version: '3.1.0', source: 'database' },
    postgres: { version: '15.18' },
    manifests: [{ key: 'm', size: 1, sha256: hash, kind: 'full', plaintextSize: 1, sequence: 12 }],
    database: dump('2026-11-21T02:00:07.000Z'),
    restorePoint: null,
    keys: [],
    heads: {},
    counts: { files: 511, bytes: 53_900_000, directories: 240, symlinks: 2 },
    changes: { ...noChanges },
    crossCheck: { expected: 507, missing: 0, mismatched: 0, assets: 130 },
    sharpDrop: false,
    warnings: [],
    ...wishes,
  }
}

export const noChanges = {
  added: 0,
  changed: 0,
  archived: 0,
  storedContents: 0,
  storedBytes: 0,
  unreadable: 0,
  unstable: 0,
  deferred: 0,
}

/** A dump of a moment. */
export function dump(taken: string): NonNullable<SnapshotRecord['database']> {
  const keyId = '0'.repeat(32)
  return {
    key: 'd',
    size: 1,
    sha256: hash,
    plaintextSize: 1,
    plaintextSha256: hash,
    keyId,
    sqlSize: 440_000,
    taken,
  }
}

/** The report of the run that made {@link record}, or of another one. */
export function report(wishes: Partial<RunReport> = {}): RunReport {
  return {
    version: 1,
    kind: 'backup',
    runId: '3f42e71d91374bc4',
    host: 'main',
    program: 'safelight test',
    started: '2026-11-21T02:00:00.000Z',
    finished: '2026-11-21T02:00:51.000Z',
    outcome: 'completed',
    exitCode: 0,
    changes: { ...noChanges },
    mismatched: 0,
    skipped: 0,
    examples: [],
    ...wishes,
  }
}

export function verification(wishes: Partial<VerificationDocument> = {}): VerificationDocument {
  return {
    version: 1,
    host: 'main',
    runId: '0123456789abcdef',
    program: 'safelight test',
    started: '2026-11-20T04:00:00.000Z',
    finished: '2026-11-20T04:03:00.000Z',
    level: 'read',
    outcome: 'good',
    through: [],
    objects: '',
    bad: '',
    checkedObjects: 200,
    checkedBytes: 1,
    damaged: [],
    coverage: {
      objects: 1000,
      read: [
        ['2026-06-01', 60],
        ['2026-10-01', 740],
        ['2026-11-20', 200],
      ],
      stored: [
        ['2026-06-01', 60],
        ['2026-10-01', 740],
        ['2026-11-20', 200],
      ],
    },
    ...wishes,
  }
}

/** A vault with a good backup of that night. */
export function vaultFacts(wishes: Partial<VaultFacts> = {}): VaultFacts {
  return {
    location: '/mnt/vault',
    lastGood: record(),
    checkpoint: undefined,
    damagedRecords: [],
    hidden: undefined,
    reports: [report()],
    verification: verification(),
    denied: [],
    ...wishes,
  }
}

/** A destination at which all is well. */
export function facts(
  wishes: Partial<Omit<DestinationFacts, 'vault'>> & { vault?: Partial<VaultFacts> | undefined } = {},
): DestinationFacts {
  const { vault, ...others } = wishes
  return {
    destination: 'disk',
    expectEveryMs: 26 * 3600_000,
    wantsDatabase: true,
    unreachable: undefined,
    remembered: undefined,
    runs: [],
    stateProblem: undefined,
    ...others,
    vault: 'vault' in wishes && vault === undefined ? undefined : vaultFacts(vault),
  }
}

/** A run of this machine that began at five o'clock, and whose last heartbeat was 20 seconds ago. */
export function run(wishes: Partial<KnownRun> = {}): KnownRun {
  return {
    id: 7,
    program: 'safelight test',
    machine: 'nas',
    bootId: 'boot',
    pid: 1,
    intervalMs: 60_000,
    state: 'RUNNING',
    started: new Date('2026-11-21T05:00:00Z'),
    heartbeat: new Date('2026-11-21T05:11:40Z'),
    ended: null,
    exitCode: null,
    jobs: [],
    results: [],
    isLive: true,
    ...wishes,
  }
}

export function job(source: string, wishes: Partial<Job> = {}): Job {
  return {
    destination: 'disk',
    source,
    priority: 1,
    state: 'PENDING',
    filesTotal: 0,
    filesDone: 0,
    bytesTotal: 0,
    bytesDone: 0,
    speed: 0,
    started: null,
    completed: null,
    updated: new Date('2026-11-21T05:11:40Z'),
    error: null,
    retries: 0,
    ...wishes,
  }
}

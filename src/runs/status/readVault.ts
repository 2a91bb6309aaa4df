import { UserError } from '../../shared/errors.ts'
import { AccessDeniedError } from '../../storage/errors.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { RecordId, SnapshotRecord } from '../../vault/record.ts'
import { listRecords, requireHead } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'
import { oldestFork } from '../backup/heads.ts'
import { listRunReports, readRunReport, type RunReport } from '../backup/runReport.ts'
import { isLoss } from '../loss.ts'
import { listVerifications, readVerification, type VerificationDocument } from '../verify/document.ts'
import { reportsDenied, verificationsDenied, type Trouble, type VaultFacts } from './facts.ts'
import { newestRecords } from './newestRecords.ts'

/** So many reports are read at most, the newest ones: what went wrong more often has been told often enough. */
const mostReports = 8
/** Verifications of other hosts that are passed over at most. */
const mostVerifications = 8

export interface LookOptions extends CallOptions {
  host: string
  /** The newest record that this machine has seen. */
  remembered: SnapshotRecord | undefined
}

/**
 * Looks at a vault: three listings, and as a rule three small objects. No manifest is fetched.
 * @throws an error of the storage; credentials that may read records and not the rest are no error.
 */
export async function readVault(vault: Vault, options: LookOptions): Promise<VaultFacts> {
  const { host, remembered, signal } = options
  const call = { signal }
  const from = Math.max(0, (remembered?.sequence ?? 0) - oldestFork)
  const ids = await listRecords(vault, host, from, call)
  const { lastGood, checkpoint, damaged } = await newestRecords(vault, host, ids, call)
  const denied = new Set<string>()
  const [reports, verification] = await Promise.all([
    unlessDenied(reportsDenied, denied, async () => await recentReports(vault, host, lastGood, call)),
    unlessDenied(verificationsDenied, denied, async () => await lastVerification(vault, host, call)),
  ])
  return {
    location: vault.storage.location,
    lastGood,
    checkpoint,
    damagedRecords: damaged,
    hidden: remembered && whatIsHidden(ids, remembered),
    reports: reports ?? [],
    verification,
    denied: [reportsDenied, verificationsDenied].filter((what) => denied.has(what)),
  }
}

/** Credentials need to create reports and verifications, and not to read them. */
async function unlessDenied<T>(
  what: string,
  denied: Set<string>,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error
    denied.add(what)
    return undefined
  }
}

/** The reports of all runs since the last good one began, that one included, newest first. */
async function recentReports(
  vault: Vault,
  host: string,
  lastGood: SnapshotRecord | undefined,
  options: CallOptions,
): Promise<RunReport[]> {
  const since = lastGood && new Date(lastGood.started)
  const keys = await listRunReports(vault, since, options)
  const read = async (key: string) => await unlessLost(async () => await readRunReport(vault, key, options))
  const reports = await Promise.all(keys.slice(-mostReports).map(read))
  const ours = reports.flatMap((report) => (report?.host === host ? report : []))
  return ours.toSorted((a, b) => b.started.localeCompare(a.started))
}

async function lastVerification(
  vault: Vault,
  host: string,
  options: CallOptions,
): Promise<VerificationDocument | undefined> {
  for (const key of (await listVerifications(vault, options)).slice(0, mostVerifications)) {
    const document = await unlessLost(async () => await readVerification(vault, key, options))
    if (document?.host === host) return document
  }
  return undefined
}

/** No backup needs these documents: one that is damaged, or from another version, is passed over. */
async function unlessLost<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    const isOdd = error instanceof SyntaxError || (error instanceof Error && error.name === 'ZodError')
    if (isOdd || isLoss(error)) return undefined
    throw error
  }
}

function whatIsHidden(ids: readonly RecordId[], remembered: SnapshotRecord): Trouble | undefined {
  try {
    requireHead(ids, remembered, 'the state directory')
    return undefined
  } catch (error) {
    if (error instanceof UserError) return { message: error.message, hint: error.hint }
    throw error
  }
}

import type { Finding } from '../../../src/storage/probe/finding.ts'
import { probe } from '../../../src/storage/probe/probe.ts'
import type { Storage } from '../../../src/storage/storage.ts'

/** All findings of a probe, by what was looked at. */
export async function findingsOf(storage: Storage, now = () => new Date()): Promise<Record<string, Finding>> {
  const options = { now, clock: () => performance.now(), signal: undefined }
  const findings = await Array.fromAsync(probe(storage, options))
  return Object.fromEntries(findings.map((finding) => [finding.what, finding]))
}

/** What came of each step. */
export async function resultsOf(storage: Storage): Promise<Record<string, string>> {
  const findings = await findingsOf(storage)
  return Object.fromEntries(Object.entries(findings).map(([what, { result }]) => [what, result]))
}

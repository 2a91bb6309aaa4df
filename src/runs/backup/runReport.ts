/*
 * The report that a backup leaves at its destination, also one that failed or was stopped; see docs/format.md.
 */
import * as z from 'zod'
import type { CallOptions } from '../../storage/storage.ts'
import { compactUtc, runReportKey, runReportPrefix } from '../../vault/layout.ts'
import { changesSchema } from '../../vault/record.ts'
import { readJson, storeJson } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'
import { problemKinds } from './tally.ts'

const count = z.number().int().nonnegative()

const reportSchema = z.object({
  version: z.literal(1),
  kind: z.literal('backup'),
  runId: z.string(),
  host: z.string(),
  program: z.string(),
  started: z.iso.datetime(),
  finished: z.iso.datetime(),
  outcome: z.enum(['completed', 'interrupted', 'failed']),
  /** Of a completed run. */
  exitCode: count.optional(),
  /** Key of the record of a completed run. */
  record: z.string().optional(),
  /** What ended another one. */
  error: z.string().optional(),
  /** The only part that was to be backed up, where it was not all. */
  only: z.enum(['files', 'database']).optional(),
  changes: changesSchema,
  mismatched: count,
  /** Sockets, devices, other file systems. The first reports did not tell. */
  skipped: count.optional(),
  examples: z.array(z.object({ kind: z.enum(problemKinds), path: z.string(), reason: z.string() })),
})

export type RunReport = z.infer<typeof reportSchema>

export async function storeRunReport(vault: Vault, report: RunReport, options: CallOptions): Promise<void> {
  await storeJson(vault, runReportKey(new Date(report.started), report.runId), report, options)
}

/** Keys of the reports of runs that began then or later, of all hosts, oldest first. One listing, no reads. */
export async function listRunReports(
  vault: Vault,
  since: Date | undefined,
  options: CallOptions,
): Promise<string[]> {
  const after = since && runReportPrefix + compactUtc(since)
  const keys: string[] = []
  for await (const { key } of vault.storage.list(runReportPrefix, { ...options, after })) keys.push(key)
  return keys
}

/**
 * Reads one; undefined when it is gone.
 * @throws DecryptionError when it is not authentic; ZodError when it has not the fields of this version.
 */
export async function readRunReport(
  vault: Vault,
  key: string,
  options: CallOptions,
): Promise<RunReport | undefined> {
  const json = await readJson(vault, key, options)
  return json === undefined ? undefined : reportSchema.parse(json)
}

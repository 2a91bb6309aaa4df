/*
 * Takes one backup in a process of its own, which a test may kill. What it needs comes as JSON over stdin; one line on
 * stdout says that it begins, and one what it did.
 */
import { readFileSync } from 'node:fs'
import { json } from 'node:stream/consumers'
import { parseIdentity } from '../../../src/crypto/identity.ts'
import { parseDatabaseUrl } from '../../../src/immich/databaseUrl.ts'
import { backupPart } from '../../../src/runs/backup/parts/backupPart.ts'
import type { Part } from '../../../src/runs/backup/parts/part.ts'
import type { BackupPlan, BackupResult } from '../../../src/runs/backup/plan.ts'
import type { CheckpointInterval } from '../../../src/runs/backup/checkpoints.ts'
import type { FolderSource } from '../../../src/runs/backup/source.ts'
import { hostFolder } from '../../../src/runs/stateFolder.ts'
import { sharedLimits } from '../../../src/storage/limits/limits.ts'
import { openStorage } from '../../../src/storage/open.ts'
import type { StorageOptions } from '../../../src/storage/options.ts'
import { openVault, type VaultPin } from '../../../src/vault/vault.ts'
import { backUpTo, planWith } from '../backedUp.ts'

export interface ChildTask {
  identity: string
  pin: VaultPin
  storage: StorageOptions
  state: string
  sources: FolderSource[]
  /** Bytes per second that it may upload; as many as it can, by default. */
  uploadRate?: number
  checkpointEvery: CheckpointInterval
  database?: string | undefined
  /** Only this part. */
  part?: Part
}

/** What it says of itself when it was not killed. */
export interface ChildEnd {
  /** All that it handed to the system to write, to files and pipes. */
  bytesWritten: number
  /** The most resident memory that it had, in bytes. */
  maxRss: number
}

const task = (await json(process.stdin)) as ChildTask
const identity = await parseIdentity(task.identity, 'stdin')
const storageOptions = withUploadRate(task.storage, task.uploadRate)
const storage = await openStorage(storageOptions)
process.stdout.write('begins\n')
const vault = await openVault(storage, { identity, pin: task.pin })
const settings = task.database === undefined ? undefined : parseDatabaseUrl(task.database)
const target = {
  vault,
  storage: storageOptions,
  identity,
  recipients: [identity.recipient],
  folder: hostFolder(task.state, vault.id, 'main'),
  heads: () => ({}),
}
const plan = planWith({
  sources: task.sources,
  database: settings && { settings, serverUrl: undefined, configuredVersion: undefined },
  checkpointEvery: task.checkpointEvery,
})
const { exitCode } = task.part ? await takePart({ ...plan, part: task.part }) : await backUpTo(target, plan)
process.exitCode = exitCode
await storage.close()
const [, written] = /^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8')) ?? []
const end: ChildEnd = { bytesWritten: Number(written), maxRss: process.resourceUsage().maxRSS * 1024 }
process.stdout.write(`${JSON.stringify(end)}\n`)

async function takePart(plan: BackupPlan & { part: Part }): Promise<BackupResult> {
  const open = async () => ({ ...target, [Symbol.asyncDispose]: async () => undefined })
  const [end] = await backupPart(plan, [{ name: 'disk', open }])
  if (!end?.result) throw end?.error
  return end.result
}

function withUploadRate(storage: StorageOptions, usual: number | undefined): StorageOptions {
  if (usual === undefined) return storage
  const unlimited = { usual: Infinity, hours: [] }
  const upload = { usual, hours: [] }
  const limits = { upload, download: unlimited, concurrency: Infinity, requestsPerSecond: Infinity }
  return { ...storage, limits: [{ ...limits, shared: sharedLimits() }] }
}

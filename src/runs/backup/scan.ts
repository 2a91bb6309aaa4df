import { statSync } from 'node:fs'
import { markerName } from '../../immich/folders.ts'
import { entryTypes } from '../../manifest/entry.ts'
import { ScanReader } from '../../manifest/scanReader.ts'
import { errorCode } from '../../shared/errors.ts'
import { fsPath } from '../../shared/bytePath.ts'
import { WorkerPool } from '../../shared/threads/pool.ts'
import type { HostChain } from './hostChain.ts'
import type { ProgressMeter } from './progress.ts'
import { metadataOf } from './metadata.ts'
import { unknownDirectory } from './scanDirectory.ts'
import type { DirectoryChanges, PendingDirectory, ScanJob, ScanResult, ScanSetting } from './scanMessages.ts'
import { joinPath, type FolderSource } from './source.ts'
import type { Tally } from './tally.ts'
import type { WorkList } from './workList.ts'

/**
 * A file written to so lately that no row names may still be growing: Immich writes uploads under their final name.
 * Its ctime does not count: all of a library that was just moved here has a young one.
 */
const youngForMs = 10 * 60 * 1000
const threads = 2
const jobsPerThread = 2

export interface ScanContext {
  sources: readonly FolderSource[]
  setting: ScanSetting
  chain: HostChain
  work: WorkList
  tally: Tally
  progress: ProgressMeter
  /** Whether Immich's database was asked, so that a file that no row names means something. */
  catalogued: boolean
  /** Only look: change nothing in the manifest. */
  dryRun: boolean
  now: () => Date
  signal: AbortSignal
}

/**
 * Walks the sources in order and compares them with the manifest. What is gone or needs no reading is written into the
 * manifest at once; files to read go to the work list.
 * @returns how many paths are gone: what was moved to where the walk had been already was missed.
 */
export async function scanSources(context: ScanContext): Promise<number> {
  const script = new URL('./scanWorker.ts', import.meta.url)
  const pool = new WorkerPool(script, { size: threads, data: context.setting, signal: context.signal })
  try {
    archiveFormerSources(context)
    let gone = 0
    for (const source of context.sources) gone += await scanSource(context, source, pool)
    return gone
  } finally {
    await pool.close()
  }
}

async function scanSource(context: ScanContext, source: FolderSource, pool: WorkerPool): Promise<number> {
  if (!putRoot(context, source)) return 0
  let gone = 0
  const queue: PendingDirectory[] = [['', knownId(context, source)]]
  const running = new Set<Promise<void>>()
  const run = async (job: ScanJob): Promise<void> => {
    const result = (await pool.run(job)) as ScanResult
    take(context, source, result)
    gone += result.vanished + result.changes.reduce((sum, changes) => sum + changes.gone.length, 0)
    queue.push(...result.leftover)
  }
  while (queue.length > 0 || running.size > 0) {
    context.signal.throwIfAborted()
    while (queue.length > 0 && running.size < threads * jobsPerThread) {
      const share = Math.ceil(queue.length / (threads * jobsPerThread))
      const job = run({ source, directories: queue.splice(-share) }).finally(() => running.delete(job))
      running.add(job)
    }
    await Promise.race(running)
  }
  return gone
}

function knownId({ setting }: ScanContext, { treePath }: FolderSource): number {
  const reader = new ScanReader(setting.manifestFile)
  try {
    return reader.directoryId(treePath) ?? unknownDirectory
  } finally {
    reader.close()
  }
}

/** The source's own folder, which may itself be a symbolic link: a mount point often is. */
function putRoot({ chain, dryRun, tally, setting }: ScanContext, { treePath, root }: FolderSource): boolean {
  try {
    const stats = statSync(fsPath(root), { bigint: true })
    if (dryRun) return true
    const slash = treePath.lastIndexOf('/')
    const parent = chain.manifest.directoryId(treePath.slice(0, Math.max(0, slash)), chain.sequence)
    const name = treePath.slice(slash + 1)
    const known = new ScanReader(setting.manifestFile)
    const before = known.entriesOf(parent).get(name)
    known.close()
    const metadata = metadataOf(stats)
    const fields = ['mtime', 'mode', 'uid', 'gid'] as const
    if (before && fields.every((field) => before[field] === metadata[field])) return true
    chain.manifest.putEntry(parent, { ...metadata, name, type: entryTypes.directory }, chain.sequence)
    return true
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    tally.problem(
      'unreadable',
      treePath,
      code === 'ENOENT' ? 'the folder is not there; is it mounted?' : code,
    )
    return false
  }
}

/** A source that the configuration no longer names is archived, as if its folder were gone. */
function archiveFormerSources({ sources, chain, dryRun, tally, setting }: ScanContext): void {
  if (dryRun) return
  const reader = new ScanReader(setting.manifestFile)
  try {
    for (const parent of ['', 'sources']) {
      const id = reader.directoryId(parent)
      if (id === undefined) continue
      for (const name of reader.entriesOf(id).keys()) {
        const treePath = joinPath(parent, name)
        if (sources.some((source) => source.treePath === treePath)) continue
        const { manifest, sequence } = chain
        tally.changes.archived += manifest.transaction(() => {
          manifest.archiveEntry(id, name, sequence)
          return manifest.archiveTree(manifest.directoryId(treePath, sequence), sequence)
        })
      }
    }
  } finally {
    reader.close()
  }
}

function take(context: ScanContext, source: FolderSource, result: ScanResult): void {
  const { chain, tally, progress } = context
  for (const { path, reason } of result.unreadable) tally.problem('unreadable', path, reason)
  for (const { path, reason } of result.skipped) tally.problem('skipped', path, reason)
  if (result.changes.length > 0) {
    chain.manifest.transaction(() => {
      context.work.transaction(() => {
        for (const changes of result.changes) takeDirectory(context, source, changes)
      })
    })
  }
  progress.advance(result.files, result.bytes, source.treePath)
}

function takeDirectory(context: ScanContext, source: FolderSource, changes: DirectoryChanges): void {
  const { chain, work, tally, dryRun } = context
  const { treePath } = changes
  const wanted = changes.files
    .filter((file) => !isDeferred(context, source, treePath, file))
    .map(([name, size, , isNew]) => ({ name, size, isNew }))
  if (wanted.length > 0) work.addCandidates(treePath, wanted)
  if (dryRun) {
    tally.changes.archived += changes.gone.length - changes.goneDirectories.length
    return
  }
  const { manifest, sequence } = chain
  const directory = manifest.directoryId(treePath, sequence)
  for (const name of changes.goneDirectories) {
    tally.changes.archived += manifest.archiveTree(
      manifest.directoryId(joinPath(treePath, name), sequence),
      sequence,
    )
  }
  const directories = new Set(changes.goneDirectories)
  for (const name of changes.gone) {
    manifest.archiveEntry(directory, name, sequence)
    if (!directories.has(name)) tally.changes.archived += 1
  }
  for (const entry of changes.entries) manifest.putEntry(directory, entry, sequence)
}

function isDeferred(
  { catalogued, work, tally, now }: ScanContext,
  source: FolderSource,
  treePath: string,
  [name, , modifiedMs, isNew]: DirectoryChanges['files'][number],
): boolean {
  if (!catalogued || !source.immich || !isNew || name === markerName) return false
  if (now().getTime() - modifiedMs > youngForMs) return false
  if (work.expectedFile(joinPath(treePath, name))) return false
  tally.changes.deferred += 1
  return true
}

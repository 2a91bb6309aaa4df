import { markerName } from '../../immich/folders.ts'
import type { FindingsBook } from '../forecast/findings.ts'
import type { DestinationJobs } from '../jobs/destinationJobs.ts'
import type { HostChain } from './hostChain.ts'
import type { ProgressMeter } from './progress.ts'
import type { DirectoryChanges, ScanResult, ScanSetting } from './scanMessages.ts'
import { joinPath, type FolderSource } from './source.ts'
import type { Tally } from './tally.ts'
import type { WorkList } from './workList.ts'

/**
 * A file written to so lately that no row names may still be growing: Immich writes uploads under their final name.
 * Its ctime does not count: all of a library that was just moved here has a young one. A time further in the future is
 * no sign of growth, and would never pass.
 */
const youngForMs = 10 * 60 * 1000

/** A destination whose manifest the library is compared with. */
export interface ScanMember {
  /** Working copy of the manifest. */
  manifestFile: string
  chain: HostChain
  tally: Tally
  /** Of a dry run: takes down what is found, and nothing changes in the manifest. */
  findings?: FindingsBook | undefined
  jobs: DestinationJobs
}

export interface ScanContext {
  sources: readonly FolderSource[]
  /** In the order of their bits in the candidates' sets. */
  members: readonly ScanMember[]
  setting: Omit<ScanSetting, 'manifestFiles'>
  work: WorkList
  progress: ProgressMeter
  /** Whether Immich's database was asked, so that a file that no row names means something. */
  catalogued: boolean
  now: () => Date
  signal: AbortSignal
}

/** Writes what was found into the manifests and the work list. */
export function takeScan(context: ScanContext, source: FolderSource, result: ScanResult): void {
  const { members, setting, work, progress } = context
  // Of a part's walk nothing counts but files: whoever joins the parts walks through all, and tells the rest.
  for (const { tally } of setting.part ? [] : members) {
    for (const { path, reason } of result.unreadable) tally.problem('unreadable', path, reason)
    for (const { path, reason } of result.skipped) tally.problem('skipped', path, reason)
  }
  if (result.changes.length > 0) {
    work.transaction(() => {
      for (const changes of result.changes) listFiles(context, source, changes)
    })
    for (const [i, member] of members.entries()) {
      if (member.findings) member.findings.take(source, result.changes, i)
      else takeOthers(member, i, result.changes)
    }
  }
  progress.advance(result.files, result.bytes, source.treePath)
}

function listFiles(context: ScanContext, source: FolderSource, { treePath, files }: DirectoryChanges): void {
  const listed = files.flatMap(([name, size, modifiedMs, lackedBy, newTo]) => {
    if (newTo === 0 || !isDeferred(context, source, treePath, name, modifiedMs))
      return [{ name, size, lackedBy, newTo }]
    for (const [i, { tally }] of context.members.entries())
      if ((newTo & (1 << i)) !== 0) tally.changes.deferred += 1
    return lackedBy === newTo ? [] : [{ name, size, lackedBy: lackedBy & ~newTo, newTo: 0 }]
  })
  if (listed.length === 0) return
  context.work.addCandidates(treePath, listed)
  for (const [i, { jobs }] of context.members.entries()) {
    const lacked = listed.filter(({ lackedBy }) => (lackedBy & (1 << i)) !== 0)
    const bytes = lacked.reduce((sum, { size }) => sum + size, 0)
    jobs.find(source.treePath, lacked.length, bytes)
  }
}

/** Whether a new file is left for a later run. */
function isDeferred(
  { catalogued, work, now }: ScanContext,
  source: FolderSource,
  treePath: string,
  name: string,
  modifiedMs: number,
): boolean {
  if (!catalogued || !source.immich || name === markerName) return false
  if (Math.abs(now().getTime() - modifiedMs) > youngForMs) return false
  return !work.expectedFile(joinPath(treePath, name))
}

function takeOthers({ chain, tally }: ScanMember, i: number, changes: readonly DirectoryChanges[]): void {
  const { manifest, sequence } = chain
  manifest.transaction(() => {
    for (const { treePath, others } of changes) {
      const { entries = [], gone = [], goneDirectories = [] } = others[i] ?? {}
      if (entries.length + gone.length + goneDirectories.length === 0) continue
      const directory = manifest.directoryId(treePath, sequence)
      for (const name of goneDirectories) {
        const id = manifest.directoryId(joinPath(treePath, name), sequence)
        tally.changes.archived += manifest.archiveTree(id, sequence)
      }
      const directories = new Set(goneDirectories)
      for (const name of gone) {
        manifest.archiveEntry(directory, name, sequence)
        if (!directories.has(name)) tally.changes.archived += 1
      }
      for (const entry of entries) manifest.putEntry(directory, entry, sequence)
    }
  })
}

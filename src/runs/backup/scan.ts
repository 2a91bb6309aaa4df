import { statSync, type BigIntStats } from 'node:fs'
import { entryTypes, type EntryMetadata } from '../../manifest/entry.ts'
import { ScanReader } from '../../manifest/scanReader.ts'
import { errorCode } from '../../shared/errors.ts'
import { fsPath } from '../../shared/bytePath.ts'
import { WorkerPool } from '../../shared/threads/pool.ts'
import { unknownDirectory } from './knownDirectory.ts'
import { metadataOf } from './metadata.ts'
import type { ScanResult, ScanSetting } from './scanMessages.ts'
import { joinPath, type FolderSource } from './source.ts'
import { takeScan, type ScanContext, type ScanMember } from './takeScan.ts'
import { walkScript, walkSource, walkThreads } from './walk.ts'

/**
 * Walks the sources in order and compares them with the manifests, all in one walk. What is gone or needs no reading is
 * written into the manifests at once; files to read go to the work list.
 * @returns for each member how many of its paths are gone: what was moved to where the walk had been already was missed.
 */
export async function scanSources(context: ScanContext): Promise<number[]> {
  const { members, setting, signal } = context
  const data: ScanSetting = { ...setting, manifestFiles: members.map(({ manifestFile }) => manifestFile) }
  const pool = new WorkerPool(walkScript, { size: walkThreads, data, signal })
  const gone = members.map(() => 0)
  try {
    if (!setting.part) for (const member of members) archiveFormerSources(context, member)
    for (const source of context.sources) await scanSource(context, source, pool, gone)
    return gone
  } finally {
    await pool.close()
  }
}

async function scanSource(
  context: ScanContext,
  source: FolderSource,
  pool: WorkerPool,
  gone: number[],
): Promise<void> {
  const { members, signal } = context
  for (const { jobs } of members) jobs.begin(source.treePath)
  if (!putRoot(context, source)) return
  const ids = members.map((member) => knownId(member, source))
  const take = (result: ScanResult): void => {
    takeScan(context, source, result)
    for (const i of members.keys()) {
      const below = result.changes.reduce((sum, { others }) => sum + (others[i]?.gone.length ?? 0), 0)
      gone[i] = (gone[i] ?? 0) + result.vanished + below
    }
  }
  await walkSource(pool, source, ids, take, signal)
}

function knownId({ manifestFile }: ScanMember, { treePath }: FolderSource): number {
  const reader = new ScanReader(manifestFile)
  try {
    return reader.directoryId(treePath) ?? unknownDirectory
  } finally {
    reader.close()
  }
}

/** The source's own folder, which may itself be a symbolic link: a mount point often is. */
function putRoot({ members, setting }: ScanContext, { treePath, root }: FolderSource): boolean {
  let stats: BigIntStats
  try {
    stats = statSync(fsPath(root), { bigint: true })
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    const reason = code === 'ENOENT' ? 'the folder is not there; is it mounted?' : code
    for (const { tally, jobs } of members) {
      tally.problem('unreadable', treePath, reason)
      jobs.miss(treePath, reason)
    }
    return false
  }
  if (setting.part) return true
  for (const member of members) if (!member.findings) putFolder(member, treePath, metadataOf(stats))
  return true
}

function putFolder({ manifestFile, chain }: ScanMember, treePath: string, metadata: EntryMetadata): void {
  const slash = treePath.lastIndexOf('/')
  const parent = chain.manifest.directoryId(treePath.slice(0, Math.max(0, slash)), chain.sequence)
  const name = treePath.slice(slash + 1)
  const known = new ScanReader(manifestFile)
  const before = known.entriesOf(parent).get(name)
  known.close()
  const fields = ['mtime', 'mode', 'uid', 'gid'] as const
  if (before && fields.every((field) => before[field] === metadata[field])) return
  chain.manifest.putEntry(parent, { ...metadata, name, type: entryTypes.directory }, chain.sequence)
}

/** A source that the configuration no longer names is archived, as if its folder were gone. */
function archiveFormerSources(
  { sources }: ScanContext,
  { manifestFile, chain, tally, findings }: ScanMember,
): void {
  const reader = new ScanReader(manifestFile)
  try {
    for (const parent of ['', 'sources']) {
      const id = reader.directoryId(parent)
      if (id === undefined) continue
      for (const name of reader.entriesOf(id).keys()) {
        const treePath = joinPath(parent, name)
        if (sources.some((source) => source.treePath === treePath)) continue
        if (findings) {
          findings.takeFormerSource(treePath)
          continue
        }
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

import { createHash, hash } from 'node:crypto'
import {
  type BigIntStats,
  createReadStream,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setImmediate as eventLoop } from 'node:timers/promises'
import { fsPath, pathFromBytes, pathToBytes, printablePath } from '../../src/shared/bytePath.ts'

/** All that a file system tells of one entry, but the time of the last access, which every reader changes. */
export interface TreeEntry {
  /** Below the root, without a leading slash; the root itself is the empty string. Exact bytes, as in bytePath.ts. */
  path: string
  type: 'file' | 'directory' | 'symlink' | 'other'
  /** Permission bits, for example 0o644. */
  mode: number
  uid: number
  gid: number
  /** Bytes; 0 for everything but a file, because a folder's size is the file system's own affair. */
  size: number
  /** Nanoseconds since 1970. */
  mtime: bigint
  /** Nanoseconds since 1970. */
  ctime: bigint
  inode: bigint
  /** Lower-case hex of a file's SHA-256. */
  sha256?: string
  /** Where a symbolic link points. */
  target?: string
}

/**
 * Lists everything at and below `root`, in the order of the paths' bytes. Links are not followed. Large files are
 * hashed as streams, so memory does not grow with their size.
 * @param contents whether files are read and hashed. No write leaves a file's ctime as it was, so to see that nothing
 *   was written takes no hash.
 */
export async function describeTree(root: string, { contents = true } = {}): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = []
  const visit = async (path: string): Promise<void> => {
    const absolute = path === '' ? root : `${root}/${path}`
    const entry = describe(path, lstatSync(fsPath(absolute), { bigint: true }))
    // Synchronous calls are several times faster, but a test's servers and timers must go on now and then.
    if (entries.push(entry) % 1000 === 0) await eventLoop()
    if (entry.type === 'file' && contents) {
      entry.sha256 = entry.size > smallFile ? await fileHash(absolute, 'sha256') : smallFileHash(absolute)
    }
    if (entry.type === 'symlink') entry.target = pathFromBytes(readlinkSync(fsPath(absolute), 'buffer'))
    if (entry.type !== 'directory') return
    for (const name of readdirSync(fsPath(absolute), { encoding: 'buffer' })) {
      await visit(path === '' ? pathFromBytes(name) : `${path}/${pathFromBytes(name)}`)
    }
  }
  await visit('')
  return entries.sort((a, b) => Buffer.compare(pathToBytes(a.path), pathToBytes(b.path)))
}

const smallFile = 1 << 20

function smallFileHash(path: string): string {
  return hash('sha256', readFileSync(fsPath(path)))
}

/** Lower-case hex of a file's hash, whatever its size. `path` as in bytePath.ts. */
export async function fileHash(path: string, algorithm: 'sha1' | 'sha256'): Promise<string> {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(fsPath(path), { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

function describe(path: string, stats: BigIntStats): TreeEntry {
  const type = stats.isFile()
    ? 'file'
    : stats.isDirectory()
      ? 'directory'
      : stats.isSymbolicLink()
        ? 'symlink'
        : 'other'
  return {
    path,
    type,
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: type === 'file' ? Number(stats.size) : 0,
    mtime: stats.mtimeNs,
    ctime: stats.ctimeNs,
    inode: stats.ino,
  }
}

/** What is compared, in the order in which it is told. */
const comparedFields = [
  'type',
  'mode',
  'uid',
  'gid',
  'size',
  'sha256',
  'target',
  'mtime',
  'ctime',
  'inode',
] as const satisfies (keyof TreeEntry)[]

interface Comparison {
  /** What may differ: a restored tree, for example, has its own inodes and ctimes. Nothing, by default. */
  ignoring?: readonly (typeof comparedFields)[number][]
  /** By how many nanoseconds an mtime may differ, because Node sets times as floating-point seconds. 0 by default. */
  mtimeTolerance?: bigint
}

/** What differs between two listings, one readable line each; an empty list means that they are equal. */
export function compareTrees(
  before: readonly TreeEntry[],
  after: readonly TreeEntry[],
  { ignoring = [], mtimeTolerance = 0n }: Comparison = {},
): string[] {
  const fields = comparedFields.filter((field) => !ignoring.includes(field))
  const left = new Map(after.map((entry) => [entry.path, entry]))
  const differences: string[] = []
  for (const entry of before) {
    const name = printablePath(entry.path) || '(the root)'
    const other = left.get(entry.path)
    left.delete(entry.path)
    if (other === undefined) {
      differences.push(`${name}: missing`)
      continue
    }
    for (const field of fields) {
      if (field === 'mtime' && distance(entry.mtime, other.mtime) <= mtimeTolerance) continue
      if (entry[field] === other[field]) continue
      differences.push(`${name}: ${field} was ${shown(field, entry)}, is ${shown(field, other)}`)
    }
  }
  for (const path of left.keys()) differences.push(`${printablePath(path)}: new`)
  return differences
}

function distance(a: bigint, b: bigint): bigint {
  return a < b ? b - a : a - b
}

function shown(field: (typeof comparedFields)[number], entry: TreeEntry): string {
  if (field === 'mode') return entry.mode.toString(8)
  if (field === 'target') return entry.target === undefined ? 'none' : printablePath(entry.target)
  return String(entry[field] ?? 'none')
}

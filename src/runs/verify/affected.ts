import { usesOfContents } from '../../manifest/contents.ts'
import { recordName, type StoredRecord } from '../../vault/snapshots.ts'
import type { Finding } from './finding.ts'
import type { OpenChain } from './objects.ts'

/** Contents that can't be read back, as rows of one chain's manifest. */
export interface LostContents {
  key: string
  chain: number
  contents: readonly number[]
}

/** A path that a restore would not bring back. */
export interface AffectedPath {
  /** In the vault's tree; of a dump its place in the vault. */
  path: string
  /** The object that it depends on. */
  key: string
  /** The first and the last restore point that show it so. */
  first: string
  last: string
  /** Whether the newest restore point is among them. */
  inNewest: boolean
}

/** Restore points whose dump is among the findings, as if the dump were a file of theirs. */
export function dumpUses(
  findings: readonly Finding[],
  restorePoints: readonly StoredRecord[],
): AffectedPath[] {
  const points = restorePoints.map(({ record }) => record)
  return findings.flatMap(({ key }) => {
    const showing = points.filter(({ database }) => database?.key === key)
    const [last] = showing
    const first = showing.at(-1)
    if (!first || !last) return []
    const uses = { path: key, key, first: recordName(first), last: recordName(last) }
    return [{ ...uses, inNewest: last === points[0] }]
  })
}

/** So many paths are told by name; the rest is counted. */
const pathsKept = 200

/** Which paths of which restore points depend on contents that are lost. */
export function affectedPaths(
  chains: readonly OpenChain[],
  lost: readonly LostContents[],
  restorePoints: readonly StoredRecord[],
): { paths: AffectedPath[]; total: number } {
  const points = restorePoints
    .map(({ record }) => record)
    .toSorted((a, b) => a.sequence - b.sequence || a.created.localeCompare(b.created))
  const newest = points.at(-1)
  const paths: AffectedPath[] = []
  let total = 0
  for (const [chain, { manifest }] of chains.entries()) {
    const keys = new Map(
      lost
        .filter((one) => one.chain === chain)
        .flatMap(({ key, contents }) => contents.map((id) => [id, key])),
    )
    if (keys.size === 0) continue
    for (const { path, content, since, until } of usesOfContents(manifest.db, new Set(keys.keys()))) {
      const showing = points.filter(
        ({ sequence }) => sequence >= since && (until === null || sequence < until),
      )
      const [first] = showing
      const last = showing.at(-1)
      if (!first || !last) continue
      total += 1
      if (paths.length >= pathsKept) continue
      const key = keys.get(content) ?? ''
      paths.push({ path, key, first: recordName(first), last: recordName(last), inNewest: last === newest })
    }
  }
  return { paths, total }
}

import { maxWalks } from './recordDraft.ts'
import type { Rounds, Traveller } from './rounds.ts'
import type { FileTotals } from './workList.ts'

/** The files as a destination has them now. */
export interface TakenFiles {
  /** What had to be read for it. */
  toRead: FileTotals
  /** Whether paths vanished even in the last walk. */
  keptMoving: boolean
}

/** Takes part in rounds until nothing is left to do. @throws as {@link Rounds.next} */
export async function takeFiles(
  rounds: Rounds,
  traveller: Traveller,
  { dryRun = false }: { dryRun?: boolean | undefined },
): Promise<TakenFiles> {
  const toRead = { files: 0, bytes: 0 }
  for (let walks = 0; ;) {
    const { listed, skipped, gone } = await rounds.next(traveller)
    toRead.files += listed.files - skipped.files
    toRead.bytes += listed.bytes - skipped.bytes
    if (dryRun) return { toRead, keptMoving: false }
    if (skipped.files > 0) continue
    if (gone === 0) return { toRead, keptMoving: false }
    walks += 1
    if (walks === maxWalks) return { toRead, keptMoving: true }
  }
}

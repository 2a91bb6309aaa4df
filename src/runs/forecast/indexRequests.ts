import { usualCheckpointInterval } from '../backup/checkpoints.ts'
import type { Amount } from './amounts.ts'
import { noRequests, type Requests } from './requests.ts'
import { countParts, type UploadWay } from './uploads.ts'

/** What a run has to do. */
interface RunWork {
  /** Contents that it stores. */
  content: Amount
  /** Whether any path is otherwise than the manifest says. */
  hasNews: boolean
  /** The dump that it stores, too; undefined where it stores none. */
  dump: Amount | undefined
}

/**
 * The requests of a run from local state about everything but contents. It reads `vault.json` and the index key, lists
 * the newest records, and creates a record and a report; a data key, a manifest and a dump where there is something to
 * say; checkpoints in between.
 */
export function indexRequests(way: UploadWay, { content, hasNews, dump }: RunWork): Requests {
  const checkpoints = Math.floor(content.bytes / usualCheckpointInterval.bytes)
  const key = content.objects > 0 || dump ? 1 : 0
  const manifest = hasNews || dump ? 1 : 0
  const puts = 2 + key + manifest + (dump ? 1 : 0) + 2 * checkpoints
  const requests = { ...noRequests, puts, gets: 2 + (way.looksFirst ? puts : 0), lists: 1 }
  if (dump && dump.bytes >= way.partSize) countParts(requests, dump.bytes, way.partSize)
  return requests
}

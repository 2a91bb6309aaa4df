import type { WorkerPool } from '../../shared/threads/pool.ts'
import type { PendingDirectory, ScanJob, ScanResult } from './scanMessages.ts'
import type { FolderSource } from './source.ts'

/** Threads that a walk is given. */
export const walkThreads = 2
const jobsPerThread = 2

/** What the threads run; their data is a ScanSetting. */
export const walkScript = new URL('./scanWorker.ts', import.meta.url)

/**
 * Walks one source by all threads of a pool, sharing a lopsided tree among them.
 * @param ids of the source's folder, in each manifest that it is compared with.
 * @param take is given what each job found.
 */
export async function walkSource(
  pool: WorkerPool,
  source: FolderSource,
  ids: number[],
  take: (result: ScanResult) => void,
  signal: AbortSignal,
): Promise<void> {
  const queue: PendingDirectory[] = [['', ids]]
  const running = new Set<Promise<void>>()
  const run = async (job: ScanJob): Promise<void> => {
    const result = (await pool.run(job)) as ScanResult
    take(result)
    queue.push(...result.leftover)
  }
  while (queue.length > 0 || running.size > 0) {
    signal.throwIfAborted()
    while (queue.length > 0 && running.size < walkThreads * jobsPerThread) {
      const share = Math.ceil(queue.length / (walkThreads * jobsPerThread))
      const job = run({ source, directories: queue.splice(-share) }).finally(() => running.delete(job))
      running.add(job)
    }
    await Promise.race(running)
  }
}

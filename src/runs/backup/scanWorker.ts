import { workerData } from 'node:worker_threads'
import { ScanReader } from '../../manifest/scanReader.ts'
import { serve } from '../../shared/threads/serve.ts'
import { DirectoryScanner } from './scanDirectory.ts'
import type { ScanJob, ScanResult, ScanSetting } from './scanMessages.ts'

/** After so many entries a job ends and gives back what is left, so that threads share a lopsided tree. */
const entriesPerJob = 4000

const setting = workerData as ScanSetting
const readers = setting.manifestFiles.map((file) => new ScanReader(file))
const scanner = new DirectoryScanner(readers, setting)

// oxlint-disable-next-line typescript/require-await -- the walk is synchronous; see immich/readDirectory.ts
serve(async (job: ScanJob, { signal }) => {
  const result: ScanResult = {
    changes: [],
    leftover: [],
    files: 0,
    bytes: 0,
    vanished: 0,
    unreadable: [],
    skipped: [],
  }
  const pending = [...job.directories]
  readingAll(readers, () => {
    for (let seen = 0; seen < entriesPerJob;) {
      signal.throwIfAborted()
      const directory = pending.pop()
      if (directory === undefined) break
      seen += 1 + scanner.scan(job.source, directory, pending, result)
    }
  })
  result.leftover = pending
  return result
})

function readingAll([first, ...others]: readonly ScanReader[], work: () => void): void {
  if (first) first.reading(() => readingAll(others, work))
  else work()
}

/*
 * npm run test:large: what only a large library shows. It takes long and much room, so it runs by hand; the figures are
 * noted in docs/benchmarks.md.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseCount, parseList, parseSize } from '../../bench/options.ts'
import { generateBulk } from '../support/bulk.ts'
import { startCeph } from '../support/ceph.ts'
import { cleanUpAfterwards } from '../support/cleaner.ts'
import { everyFileComesBack, makeLibrary } from './everyFile.ts'
import { anUploadGoesOn } from './interrupted.ts'
import { littleIsDoneWhenNothingChanged } from './nothingChanged.ts'
import { Report } from './report.ts'

const usage = `npm run test:large -- [options]

  --files N              files to restore and compare (20000); 0 leaves this part out
  --video SIZE           size of the video among them (5GB)
  --many N               tiny files that do not change (1000000); 0 leaves this part out
  --interrupted SIZE     size of a film whose upload is killed at 90 % (4GB), on every
                         backend that goes on; 0 leaves this part out
  --destinations LIST    local,s3

Needs about three times the size of the files on the disk and, for S3, their size in memory.
`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    files: { type: 'string', default: '20000' },
    video: { type: 'string', default: '5GB' },
    many: { type: 'string', default: '1000000' },
    interrupted: { type: 'string', default: '4GB' },
    destinations: { type: 'string', default: 'local,s3' },
  },
})
if (values.help) console.log(usage)
else process.exitCode = await main()

async function main(): Promise<number> {
  const files = parseCount('--files', values.files)
  const video = parseSize('--video', values.video)
  const many = parseCount('--many', values.many)
  const interrupted = values.interrupted === '0' ? 0 : parseSize('--interrupted', values.interrupted)
  const places = parseList('--destinations', values.destinations, ['local', 's3'])
  const report = new Report()
  const folder = await mkdtemp(join(tmpdir(), 'safelight-large-'))
  await using _cleaner = cleanUpAfterwards('rm -rf -- "$1"', [folder])
  await using server = places.includes('s3') ? await startCeph() : undefined
  const around = { folder, server, report }
  console.error(`load average before: ${(loadavg()[0] ?? 0).toFixed(1)}`)
  if (files > 0) {
    const library = await makeLibrary(folder, files, video)
    for (const place of places) await everyFileComesBack(library, place, around)
    await rm(library, { recursive: true })
  }
  if (many > 0) {
    const library = join(folder, 'many')
    await generateBulk({ root: library, files: many, bytes: 100 })
    for (const place of places) await littleIsDoneWhenNothingChanged(library, place, around)
  }
  if (interrupted > 0) await anUploadGoesOn(interrupted, around)
  console.log(report.table())
  for (const failure of report.failures) console.log(`FAILED: ${failure}`)
  return report.failures.length > 0 ? 1 : 0
}

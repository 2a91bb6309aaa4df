/* npm run bench: measures Safelight and other backup programs at the same work. See docs/benchmarks.md. */
import { mkdtemp } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { startCeph } from '../test/support/ceph.ts'
import { cleanUpAfterwards } from '../test/support/cleaner.ts'
import { mixedLibrary, photoLibrary, tinyLibrary } from './library.ts'
import { describeMachine } from './machine.ts'
import { parseOptions, usage, type BenchOptions } from './options.ts'
import { writePage } from './page.ts'
import { steps } from './programs/program.ts'
import { measureSeries, type Series } from './series.ts'
import { seriesTable, seriesTitle, type SeriesResult } from './table.ts'
import { targetTable } from './targets.ts'

await main(process.argv.slice(2))

async function main(args: string[]): Promise<void> {
  if (args.includes('--help')) {
    console.log(usage)
    return
  }
  const options = parseOptions(args)
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'safelight-bench-'))
  if (options.keep) console.error(`files are kept in ${folder}`)
  else stack.use(cleanUpAfterwards('rm -rf -- "$1"', [folder]))
  const load = loadavg()[0] ?? 0
  const server = options.places.includes('s3') ? stack.use(await startCeph({ tls: true })) : undefined
  if (server?.ca) setDefaultCACertificates([...getCACertificates('default'), server.ca])
  const results: SeriesResult[] = []
  for await (const series of seriesOf(options, folder)) {
    console.error(`\n${seriesTitle(series)}`)
    const measured = await measureSeries(series, {
      folder,
      server,
      onUsage: (program, step, { wall, user, system, memory }) =>
        console.error(
          `  ${step.padEnd(15)} ${program.padEnd(10)} ${wall.toFixed(2)} s, user ${user.toFixed(2)}, system ${system.toFixed(2)}, ${(memory / 1e6).toFixed(0)} MB`,
        ),
    })
    results.push({ series, measured })
  }
  const description = await describeMachine(folder, options.programs)
  const result = report(results, description, load)
  console.log(result)
  if (options.write) await writePage(result)
}

/** The series, each with its library made when its turn has come. */
async function* seriesOf(options: BenchOptions, folder: string): AsyncGenerator<Series, void, undefined> {
  const { files, bytes, mix, unchangedFiles, places, programs, runs } = options
  if (files > 0) {
    const library = mix ? await mixedLibrary(folder, files) : await photoLibrary(folder, files, bytes)
    // Looking at so few files takes no time that could be compared.
    const backups = programs.filter((name) => name !== 'find')
    for (const place of places) yield { library, place, programs: backups, steps, runs }
  }
  if (unchangedFiles > 0) {
    const library = await tinyLibrary(folder, unchangedFiles)
    const backups = programs.filter((name) => name !== 'bare loop')
    yield { library, place: 'local', programs: backups, steps: ['nothing changed'], runs }
  }
}

function report(results: readonly SeriesResult[], description: readonly string[], load: number): string {
  const date = new Date().toISOString().slice(0, 10)
  return [
    `Measured on ${date}; the machine's load average was ${load.toFixed(1)} before.`,
    description.map((line) => `- ${line}`).join('\n'),
    ...results.flatMap((result) => [`### ${seriesTitle(result.series)}`, seriesTable(result)]),
    '### Targets',
    targetTable(results),
    '',
  ].join('\n\n')
}

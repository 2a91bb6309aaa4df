import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../src/cli/output/errors.ts'
import { formatDuration } from '../../src/shared/format.ts'
import { exitCodes } from '../../src/shared/errors.ts'
import { makeDemoFolder } from './folder.ts'
import { help, parseOptions } from './options.ts'
import { runOwnDemo } from './ownDemo.ts'
import { binFolder } from './program.ts'
import { type DemoEnd, runSampleDemo } from './sampleDemo.ts'
import { screen } from './screen.ts'

const pieces = [
  ['safelight.yaml', 'the configuration'],
  ['identity.txt', "the vault's one secret"],
  ['immich', 'the sample library'],
  ['vault', 'what a storage would see'],
  ['restored', 'the newest snapshot: a media root as Immich expects it'],
  ['restored-before', 'the first snapshot'],
] as const

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())

try {
  process.exitCode = await run()
} catch (error) {
  const { message, detail, exitCode } = describeError(error)
  process.exitCode = stop.signal.aborted ? exitCodes.cancelled : exitCode
  process.stderr.write(stop.signal.aborted ? 'interrupted\n' : `error: ${message}\n${detail}\n`)
}

async function run(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), process.env)
  if (options === 'help') {
    screen.text(help)
    return exitCodes.done
  }
  const started = performance.now()
  const folder = await makeDemoFolder(options === 'sample' ? undefined : options.library)
  screen.title('Safelight: a library goes into an encrypted vault, and comes back')
  screen.text(`Each command is run with --json as well, which the demo reads.`)
  const end =
    options === 'sample'
      ? await runSampleDemo(folder, stop.signal)
      : await runOwnDemo(folder, options, stop.signal)
  return conclude(end, folder, performance.now() - started)
}

function conclude({ checks, hadWarnings }: DemoEnd, folder: string, milliseconds: number): number {
  screen.section('Compared')
  for (const check of checks) screen.check(check)
  const good = checks.every(({ differences }) => differences.length === 0)
  const time = formatDuration(milliseconds)
  screen.verdict(
    good ? `Everything came back, in ${time}.` : `Not everything is as it should be (${time}).`,
    good,
  )
  screen.text(`
All of it lies in ${folder}:
${pieces
  .filter(([name]) => existsSync(join(folder, name)))
  .map(([name, meaning]) => `  ${name.padEnd(16)} ${meaning}`)
  .join('\n')}

Look around:
  cd ${folder}
  PATH=${binFolder}:$PATH
  safelight status
  safelight snapshots
  safelight ls library
  safelight restore --to again --path 'library/**'

The next demo removes the folder; so does
  rm -r ${folder}`)
  if (!good) return exitCodes.failed
  return hadWarnings ? exitCodes.partial : exitCodes.done
}

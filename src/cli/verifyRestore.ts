import { InvalidArgumentError, Option, type Command } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { findDestination } from '../config/destination.ts'
import { levels, type Level } from '../runs/verify/document.ts'
import type { Extent, VerifyProgress, VerifyResult } from '../runs/verify/verification.ts'
import { verify } from '../runs/verify/verify.ts'
import type { ExitCode } from '../shared/errors.ts'
import { DataKeyRing } from '../vault/dataKeys.ts'
import type { RecordId } from '../vault/record.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { expectHeadOption, knownHeads } from './knownHeads.ts'
import { openDestination } from './openDestination.ts'
import { fitFields } from './output/field.ts'
import type { ProgressUpdate } from './output/progress.ts'
import { verifyDocument, verifySummary } from './output/verifySummary.ts'
import { scratchFolder } from './scratchFolder.ts'
import { tellVerification } from './tellVerification.ts'
import { addThawOptions, thawChoice, type ThawOptions } from './thawOptions.ts'

interface Options extends ThawOptions {
  from?: string
  sample?: number
  percent?: number
  all?: true
  level: Level
  maxBytes?: number
  expectHead?: RecordId
}

const usualSample = 200

export function configure(command: Command): void {
  addThawOptions(command)
    .option('--from <name>', 'the destination, where there are several')
    .addOption(
      new Option('--sample <count>', `check so many objects (${usualSample} unless told otherwise)`)
        .argParser(parseCount)
        .conflicts(['percent', 'all']),
    )
    .addOption(
      new Option('--percent <share>', 'check this share of all objects')
        .argParser(parsePercent)
        .conflicts(['all']),
    )
    .option('--all', 'check every object that any snapshot refers to')
    .addOption(new Option('--level <level>', 'how thoroughly').choices(levels).default('read'))
    .option(
      '--max-bytes <bytes>',
      'read no more of objects and dumps: 500M, 20G (powers of 1024)',
      parseBytes,
    )
    .addOption(expectHeadOption())
    .addHelpText(
      'after',
      `
Proves that a vault restores. Records, manifests, keys and the newest database dump are checked every time; of the
objects that hold the files, those that were checked least recently.

Levels: list (every object is there, with its size), checksum (its stored bytes are the ones that were written; needs no
key to the contents), read (it decrypts, and every file in it has its SHA-256).

Exit codes: 0 all good, 1 damage was found, 3 the storage did not give everything, 10 no vault there or a known snapshot
is hidden, 12 wrong key, 130 interrupted.
${examples([
  ['safelight verify-restore', `Reads back the ${usualSample} objects that were checked least recently.`],
  ['safelight verify-restore --percent 3 --max-bytes 20G', 'Reads back 3 % of all, 20 GiB at most.'],
  ['safelight verify-restore --all --level list', 'Looks whether anything is missing.'],
  ['safelight verify-restore --all --from cloud', 'Reads back everything.'],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const options = command.opts<Options>()
  return await tellVerification(
    context,
    options.from,
    async (ended) => await verifyAsTold(context, options, ended),
  )
}

async function verifyAsTold(
  context: Context,
  options: Options,
  ended: (result: VerifyResult) => void,
): Promise<ExitCode> {
  const config = context.loadConfig(['identity', 'destinations'])
  const destination = findDestination(config, options.from)
  await using opened = await openDestination(context, config, destination)
  const { vault, storage, identity } = opened
  using progress = context.output.startProgress()
  const result = await verify({
    vault,
    storage,
    keys: new DataKeyRing(vault, identity),
    host: config.host,
    knownHeads: knownHeads(opened, options.expectHead),
    level: options.level,
    extent: extentOf(options),
    maxBytes: options.maxBytes ?? Number.POSITIVE_INFINITY,
    folder: await scratchFolder(config.state),
    thawing: thawChoice(options, context.output),
    program: `safelight ${packageJson.version}`,
    now: () => new Date(),
    onProgress: (state) => progress.update(progressLine(state)),
    signal: context.signal,
  })
  ended(result)
  const end = { destination: destination.name, location: vault.storage.location, result }
  context.output.result(verifyDocument(end), (style) =>
    fitFields(verifySummary(end, style), context.output.columns),
  )
  return result.exitCode
}

function extentOf({ all, percent, sample = usualSample }: Options): Extent {
  if (all) return 'all'
  return percent === undefined ? { objects: sample } : { percent }
}

const phases: Record<VerifyProgress['phase'], string> = {
  records: 'reading snapshot records',
  manifests: 'reading manifests',
  keys: 'checking keys',
  database: 'reading the database dump',
  objects: '',
}

function progressLine(progress: VerifyProgress): ProgressUpdate {
  const { phase, objectsDone, objectsTotal, bytesDone, bytesTotal } = progress
  return {
    unit: 'object',
    filesDone: objectsDone,
    filesTotal: objectsTotal,
    bytesDone,
    bytesTotal,
    current: phases[phase],
  }
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number, 1 or more.')
  return Number(text)
}

function parsePercent(text: string): number {
  const percent = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0
  if (percent <= 0 || percent > 100) throw new InvalidArgumentError('It is more than 0 and at most 100.')
  return percent
}

function parseBytes(text: string): number {
  const match = /^(\d+)([KMGT]?)$/i.exec(text)
  const bytes = match
    ? Number(match[1]) * 1024 ** ' KMGT'.indexOf((match[2] || ' ').toUpperCase())
    : Number.NaN
  if (!Number.isSafeInteger(bytes))
    throw new InvalidArgumentError('It is a number of bytes: 5000000, 500M, 20G.')
  return bytes
}

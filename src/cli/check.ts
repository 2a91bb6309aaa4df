import type { Command } from 'commander'
import type { Config, Destination } from '../config/config.ts'
import { findDestination } from '../config/destination.ts'
import { storageOptions } from '../config/storageOptions.ts'
import { exitCodes, UserError, type ExitCode } from '../shared/errors.ts'
import { whatItCannot } from '../storage/cannot.ts'
import { openStorage, prepareStorage } from '../storage/open.ts'
import type { Finding } from '../storage/probe/finding.ts'
import { probe } from '../storage/probe/probe.ts'
import type { RetryPolicy } from '../storage/retry.ts'
import { sweep } from '../storage/sweep.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { checkReport, sweptFinding, type CheckedDestination } from './output/checkReport.ts'

interface Options {
  sweep?: true
}

/** Somebody is waiting: a destination that can't be reached is told soon. */
const patience: RetryPolicy = { tries: 3, firstDelayMs: 1000, maxDelayMs: 5000, budgetMs: 30_000 }

function now(): Date {
  return new Date()
}

export function configure(command: Command): void {
  command
    .argument('[name]', 'one destination; without it, all of them')
    .option('--sweep', 'first remove what interrupted uploads and earlier checks left behind')
    .addHelpText(
      'after',
      `
Tries what a backup needs of a destination, on a few objects of its own: whether it is reached, whether it refuses to
replace what is there, what its credentials could destroy, how fast it is. No vault is needed, and none is touched.

A backup never deletes, so --sweep is for credentials that may. It removes what is older than a week: until then, a
backup may go on with it.

Exit codes: 0 nothing is bad, 1 something is, 130 interrupted.
${examples([
  ['safelight check', 'Probes every destination.'],
  ['safelight check cloud --json', 'Probes one of them, for a program.'],
  ['safelight check cloud --sweep', 'Removes old interrupted uploads before it probes.'],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [name] = command.args
  const options = command.opts<Options>()
  const config = context.loadConfig([])
  const { destinations } = config
  const meant = name === undefined && destinations.length > 0 ? destinations : [findDestination(config, name)]
  const checked: CheckedDestination[] = []
  for (const destination of meant) {
    context.output.note(`Checking ${destination.name} ...`)
    checked.push(await check(context, config, destination, options))
  }
  context.output.result({ destinations: checked }, (style) =>
    checkReport(checked, { columns: context.output.columns, style }),
  )
  const bad = checked.some(({ findings }) => findings.some(({ result }) => result === 'bad'))
  return bad ? exitCodes.failed : exitCodes.done
}

async function check(
  { signal }: Context,
  config: Config,
  destination: Destination,
  options: Options,
): Promise<CheckedDestination> {
  const { name, type } = destination
  const findings: Finding[] = []
  const checked: CheckedDestination = { destination: name, type, location: null, findings, cannot: [] }
  try {
    await using prepared = await prepareStorage(storageOptions(destination, config.limits, config.state))
    await using stack = new AsyncDisposableStack()
    const storage = await openStorage(prepared.options, patience)
    stack.defer(async () => await storage.close())
    checked.location = storage.location
    checked.cannot = whatItCannot(storage)
    if (options.sweep) findings.push(sweptFinding(await sweep(storage, { now, signal }), storage))
    for await (const finding of probe(storage, { now, clock: () => performance.now(), signal }))
      findings.push(finding)
  } catch (error) {
    // One destination that can't be opened does not keep the others from being checked.
    if (!(error instanceof UserError)) throw error
    findings.push({ what: 'opening', result: 'bad', detail: error.message, remedy: error.hint })
  }
  return checked
}

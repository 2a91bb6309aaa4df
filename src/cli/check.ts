import { dirname } from 'node:path'
import type { Command } from 'commander'
import { findDestination } from '../config/destination.ts'
import { check, type CheckPlan, type CheckResult } from '../runs/check/check.ts'
import { exitCodes, type ExitCode } from '../shared/errors.ts'
import { configProblems } from './configProblems.ts'
import type { Context } from './context.ts'
import { dataRecipients } from './dataRecipients.ts'
import { examples } from './examples.ts'
import { openIdentity } from './openIdentity.ts'
import { checkReport } from './output/checkReport.ts'

interface Options {
  sweep?: true
}

export function configure(command: Command): void {
  command
    .argument('[name]', 'only this destination')
    .option('--sweep', 'first remove what interrupted uploads and earlier checks left behind')
    .addHelpText(
      'after',
      `
Looks whether everything is in place that a backup needs, and tells what to do where it is not: the configuration and
its secrets, the identity, this machine, the library, the database with a pg_dump that fits, and each destination with
its vault. Causes stand before what follows from them, so begin with the first line that says bad.

A destination is tried out on a few objects of the check's own: whether it is reached, whether it refuses to replace
what is there, what its credentials could destroy, how fast it is. No backup is touched.

A backup never deletes, so --sweep is for credentials that may. It removes what is older than a week: until then, a
backup may go on with it.

Exit codes: 0 nothing is bad, 1 something is, 130 interrupted.
${examples([
  ['safelight check', 'Checks everything.'],
  ['safelight check cloud --json', 'Checks one destination, for a program.'],
  ['safelight check cloud --sweep', 'Removes old interrupted uploads before it checks.'],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const plan = planFor(context, command)
  const names = plan.destinations.map((destination) => destination.name)
  context.output.note(`Checking ${[...(plan.whole ? ['this machine'] : []), ...names].join(', ')} ...`)
  const result = await check(plan)
  context.output.result(result, (style) => checkReport(result, { columns: context.output.columns, style }))
  return isBad(result) ? exitCodes.failed : exitCodes.done
}

function planFor(context: Context, command: Command): CheckPlan {
  const [name] = command.args
  const config = context.loadConfig([])
  return {
    config,
    destinations: name === undefined ? config.destinations : [findDestination(config, name)],
    whole: name === undefined,
    folder: config.file === undefined ? context.cwd : dirname(config.file),
    problems: (needs) => configProblems(context, needs),
    openIdentity: async () => {
      const identity = await openIdentity(config, context)
      dataRecipients(config, identity)
      return identity
    },
    sweep: command.opts<Options>().sweep ?? false,
    now: () => new Date(),
    clock: () => performance.now(),
    signal: context.signal,
  }
}

function isBad({ findings, destinations }: CheckResult): boolean {
  return [...findings, ...destinations.flatMap((each) => each.findings)].some(
    ({ result }) => result === 'bad',
  )
}

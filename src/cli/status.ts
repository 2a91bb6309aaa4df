import { Option, type Command } from 'commander'
import type { Config } from '../config/config.ts'
import { findDestination } from '../config/destination.ts'
import { knownRuns } from '../runs/status/knownRuns.ts'
import { leftOut } from '../runs/status/leftOut.ts'
import { overallStatus, statusExitCode, type OverallStatus } from '../runs/status/overallStatus.ts'
import { sleep } from '../shared/abort.ts'
import type { ExitCode } from '../shared/errors.ts'
import { thisMachine } from '../state/liveness.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { openIdentity } from './openIdentity.ts'
import { statusDocument } from './output/statusDocument.ts'
import { statusReport } from './output/statusReport.ts'
import { lookAtVaults, type VaultLook } from './readStatus.ts'
import { requireChannels } from './teller.ts'
import { tellStatus } from './tellStatus.ts'

interface Options {
  from?: string
  watch?: true
  notify?: true
}

/** Nothing is asked of a storage more often than this while somebody watches. */
const vaultsEveryMs = 60_000
const drawnEveryMs = 1000

export function configure(command: Command): void {
  command
    .option('--from <name>', 'one destination; without it, all of them')
    .option('--watch', 'stay, and draw it anew every second, until Ctrl-C')
    .addOption(
      new Option(
        '--notify',
        'also tell the channels of `notify` what is overdue, and the weekly digest',
      ).conflicts('watch'),
    )
    .addHelpText(
      'after',
      `
Says for each destination how old the last good backup is, what it protects and
what it does not, how far a backup is that is under way, what failed, and how
much was verified. Nothing large is read, so it can be asked often.

Exit codes: 0 all is well, 1 a backup is overdue, failed or damaged, or a vault
can't be looked at, 3 a person should have a look, 130 interrupted.
${examples([
  ['safelight status', 'Shows how every destination stands.'],
  ['safelight status --watch', 'Watches a backup that is under way.'],
  ['safelight status --from cloud --json', 'Shows one destination, for a program.'],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const { from, watch = false, notify = false } = command.opts<Options>()
  const config = context.loadConfig(['identity', 'destinations'])
  if (notify) requireChannels(config)
  const destinations = from === undefined ? config.destinations : [findDestination(config, from)]
  const identity = await openIdentity(config, context)
  const look = async () => await lookAtVaults(context, config, destinations, identity)
  const status = watch ? await watched(context, config, look) : judged(config, await look())
  if (notify) await tellStatus(context, config, status)
  const left = leftOut(config)
  const { output } = context
  output.result(statusDocument(status, left), (style) =>
    statusReport(status, left, { columns: output.columns, style }),
  )
  return statusExitCode(status)
}

/** Draws until somebody stops it. @returns what was drawn last. */
async function watched(
  context: Context,
  config: Config,
  look: () => Promise<VaultLook[]>,
): Promise<OverallStatus> {
  const { output, signal } = context
  const left = leftOut(config)
  using screen = output.openScreen()
  screen.draw(() => 'Looking at the vaults ...')
  let looks = await look()
  for (let lookedAt = performance.now(); ;) {
    const status = judged(config, looks)
    screen.draw((style) => statusReport(status, left, { columns: output.columns, style }))
    try {
      await sleep(drawnEveryMs, signal)
      if (performance.now() - lookedAt < vaultsEveryMs) continue
      looks = await look()
      lookedAt = performance.now()
    } catch (error) {
      if (signal.aborted) return status
      throw error
    }
  }
}

function judged(config: Config, looks: readonly VaultLook[]): OverallStatus {
  const now = new Date()
  const own = knownRuns(config.state, thisMachine(), now)
  return overallStatus(
    looks.map((look) => ({ ...look, ...own })),
    now,
  )
}

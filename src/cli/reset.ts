import type { Command } from 'commander'
import { exitCodes, UserError } from '../shared/errors.ts'
import { formatNumberOf, formatTime } from '../shared/format.ts'
import { staleAfter, thisMachine } from '../state/liveness.ts'
import type { Run } from '../state/run.ts'
import { readState, type State } from '../state/state.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'

export function configure(command: Command): void {
  command.option('--yes', 'do not ask').addHelpText(
    'after',
    `
Forgets what this machine remembers of its runs: which there were, how far their
jobs came, how they ended. Says first what goes. No vault is touched, nor what
this machine keeps of its content: the next backup goes on from there.
${examples([
  ['safelight reset', 'Shows what is remembered, and asks.'],
  ['safelight reset --yes', 'Forgets it without a question.'],
])}`,
  )
}

export async function run(context: Context, command: Command): Promise<void> {
  const { yes = false } = command.opts<{ yes?: boolean }>()
  const { output } = context
  const config = context.loadConfig([])
  using state = readState(config.state)
  const runs = state?.lastRuns() ?? []
  const document = { state: config.state, runs: runs.length, forgotten: runs.length > 0 }
  if (!state || runs.length === 0) return output.result(document, () => 'No run is remembered here.')
  refuseWhileAlive(state)
  output.note(describe(config.state, runs))
  if (!yes) await confirm(context)
  // A backup may have begun while the question stood there.
  refuseWhileAlive(state)
  state.clear()
  output.result(document, () => `Forgot ${formatNumberOf(runs.length, 'run')}.`)
}

function refuseWhileAlive(state: State): void {
  const [run] = state.currentRuns(thisMachine(), new Date())
  if (!run) return
  throw new UserError(
    `a run is under way: process ${run.pid} on ${run.machine}, since ${formatTime(run.started)}`,
    {
      hint: `Wait for it to end, or end it. If it is dead, that is believed after ${formatTime(staleAfter(run))}.`,
      exitCode: exitCodes.locked,
    },
  )
}

function describe(folder: string, runs: readonly Run[]): string {
  const [last] = runs
  const first = runs.at(-1)
  const states = Object.entries(Object.groupBy(runs, ({ state }) => state))
  return [
    `${folder} remembers ${formatNumberOf(runs.length, 'run')}:`,
    ...states.map(([state, those]) => `  ${state.toLowerCase().padEnd(12)} ${those.length}`),
    `  the first of ${first ? formatTime(first.started) : 'never'}, the last of ${last ? formatTime(last.started) : 'never'}`,
    'No vault is touched.',
  ].join('\n')
}

async function confirm({ interactive, ask }: Context): Promise<void> {
  if (!interactive) {
    throw new UserError('nobody is here to say that this may go', { hint: 'Run the command with --yes.' })
  }
  const answer = await ask('Forget them? Type yes')
  if (answer.trim().toLowerCase() !== 'yes') throw new UserError('nothing was forgotten')
}

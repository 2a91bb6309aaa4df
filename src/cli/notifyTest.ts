import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { testMessage } from '../notify/compose.ts'
import { deliver } from '../notify/deliver.ts'
import { optionsOf, type Channel } from '../notify/tell.ts'
import { exitCodes, UserError, type ExitCode } from '../shared/errors.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { requireChannels } from './teller.ts'

export function configure(command: Command): void {
  command.argument('[name]', 'one channel; without it, all of them').addHelpText(
    'after',
    `
Sends a message to each channel that is configured under \`notify\`, whatever it is told of otherwise, and says what came
of it. A check of Healthchecks notes it without changing its state.

Exit codes: 0 every channel took it, 1 one did not.
${examples([
  ['safelight notify test', 'Tries every channel.'],
  ['safelight notify test phone', 'Tries one.'],
])}`,
  )
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [name] = command.args
  const config = context.loadConfig([])
  const channels = chosen(config, name)
  const tried = await Promise.all(
    channels.map(async (channel) => ({
      channel: channel.name,
      type: channel.type,
      problem: (await problemOf(channel, config.host, context.signal)) ?? null,
    })),
  )
  context.signal.throwIfAborted()
  context.output.result({ channels: tried }, (style) =>
    tried
      .map(({ channel, problem }) =>
        problem === null
          ? `${channel}: ${style('green', 'the message was taken')}`
          : `${channel}: ${style('red', 'failed')}: ${problem}`,
      )
      .join('\n'),
  )
  return tried.every(({ problem }) => problem === null) ? exitCodes.done : exitCodes.failed
}

async function problemOf(channel: Channel, host: string, signal: AbortSignal): Promise<string | undefined> {
  const options = optionsOf(channel)
  return typeof options === 'string' ? options : await deliver(options, testMessage(host), { signal })
}

function chosen(config: Config, name: string | undefined): Channel[] {
  const channels = requireChannels(config)
  const found = name === undefined ? channels : channels.filter((channel) => channel.name === name)
  if (found.length > 0) return found
  throw new UserError(`there is no channel ${name}`, {
    hint: `There is: ${channels.map((channel) => channel.name).join(', ')}`,
  })
}

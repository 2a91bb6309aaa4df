import { errorMessage, UserError } from '../shared/errors.ts'
import type { Alarms } from './alarms.ts'
import { messageOf } from './compose.ts'
import { deliver, type Delivering } from './deliver.ts'
import type { EventKind } from './event.ts'
import type { EventMessage } from './message.ts'
import type { News } from './news.ts'
import type { ChannelOptions } from './options.ts'
import type { Untold } from './untold.ts'

/** A configured channel. */
export interface Channel {
  name: string
  type: ChannelOptions['type']
  on: readonly EventKind[]
  /** Its options; its secrets are looked for only now. @throws UserError when one is not there. */
  options: () => ChannelOptions
}

/** What is remembered between two runs. */
export interface Memory {
  alarms: Alarms
  untold: Untold
}

/**
 * Tells news on all channels that are told of such, all at the same time, and remembers it. What nobody could be told in
 * earlier runs, and no run sees again, comes first.
 * @returns what went wrong, for people: it never throws.
 */
export async function tell(
  news: readonly News[],
  channels: readonly Channel[],
  { alarms, untold }: Memory,
  delivering: Delivering,
): Promise<string[]> {
  const kept = await untold.messages()
  const fresh = news.map(({ event, notes }) => ({ message: event && messageOf(event), notes }))
  const messages = [...kept, ...fresh.flatMap(({ message }) => message ?? [])]
  const all = await Promise.all(channels.map(async (channel) => await tellOn(channel, messages, delivering)))
  const problems = all.flatMap(({ problem }) => problem ?? [])
  const isTold = (message: EventMessage): boolean =>
    all.every(({ meant }) => !meant.includes(message)) || all.some(({ told }) => told.includes(message))
  const remember = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      problems.push(`what was told can't be remembered, so it will be told again: ${errorMessage(error)}`)
    }
  }
  for (const { message, notes } of fresh) {
    for (const note of notes) {
      const alarm = message === undefined || isTold(message) ? note.told : note.untold
      await remember(async () => await alarms.set(note.alarm, alarm))
    }
  }
  const once = fresh.flatMap(({ message, notes }) => (message && notes.length === 0 ? message : []))
  const left = [...kept, ...once].filter((message) => !isTold(message))
  if (kept.length + left.length > 0) await remember(async () => await untold.keep(left))
  return [...new Set(problems)]
}

/** What a channel is told of, and how far that went. */
interface ToldOn {
  meant: readonly EventMessage[]
  told: readonly EventMessage[]
  problem: string | undefined
}

/** One after the other: when one message does not get through, the next would not, either. */
async function tellOn(
  channel: Channel,
  messages: readonly EventMessage[],
  delivering: Delivering,
): Promise<ToldOn> {
  // A check of Healthchecks is told of runs instead.
  const isMeant = ({ kind }: EventMessage): boolean =>
    channel.type !== 'healthchecks' && channel.on.includes(kind)
  const meant = messages.filter(isMeant)
  const told: EventMessage[] = []
  if (meant.length === 0) return { meant, told, problem: undefined }
  const options = optionsOf(channel)
  if (typeof options === 'string') return { meant, told, problem: problemWith(channel, options) }
  for (const message of meant) {
    const problem = await deliver(options, message, delivering)
    if (problem !== undefined) return { meant, told, problem: problemWith(channel, problem) }
    told.push(message)
  }
  return { meant, told, problem: undefined }
}

/** A channel's options, or why there are none. */
export function optionsOf(channel: Channel): ChannelOptions | string {
  try {
    return channel.options()
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

/** How it is said that a channel could not be told something. */
export function problemWith({ name }: Pick<Channel, 'name'>, problem: string): string {
  return `notification channel ${name}: ${problem}`
}

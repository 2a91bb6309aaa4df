import { errorMessage, UserError } from '../shared/errors.ts'
import type { Alarms } from './alarms.ts'
import { messageOf } from './compose.ts'
import { deliver, type Delivering } from './deliver.ts'
import type { Event, EventKind } from './event.ts'
import type { News } from './news.ts'
import type { ChannelOptions } from './options.ts'

/** A configured channel. */
export interface Channel {
  name: string
  type: ChannelOptions['type']
  on: readonly EventKind[]
  /** Its options; its secrets are looked for only now. @throws UserError when one is not there. */
  options: () => ChannelOptions
}

/**
 * Tells news on all channels that are told of such, all at the same time, and remembers it.
 * @returns what went wrong, for people: it never throws.
 */
export async function tell(
  news: readonly News[],
  channels: readonly Channel[],
  alarms: Alarms,
  delivering: Delivering,
): Promise<string[]> {
  const events = news.flatMap(({ event }) => event ?? [])
  const all = await Promise.all(channels.map(async (channel) => await tellOn(channel, events, delivering)))
  const problems = all.flatMap(({ problem }) => problem ?? [])
  for (const { event, notes } of news) {
    const isTold =
      event === undefined ||
      all.every(({ meant }) => !meant.includes(event)) ||
      all.some(({ told }) => told.includes(event))
    for (const { alarm, told, untold } of notes) {
      try {
        await alarms.set(alarm, isTold ? told : untold)
      } catch (error) {
        problems.push(`what was told can't be remembered, so it will be told again: ${errorMessage(error)}`)
      }
    }
  }
  return [...new Set(problems)]
}

/** What a channel is told of, and how far that went. */
interface ToldOn {
  meant: readonly Event[]
  told: readonly Event[]
  problem: string | undefined
}

/** One after the other: when one message does not get through, the next would not, either. */
async function tellOn(channel: Channel, events: readonly Event[], delivering: Delivering): Promise<ToldOn> {
  // A check of Healthchecks is told of runs instead.
  const meant = channel.type === 'healthchecks' ? [] : events.filter(({ kind }) => channel.on.includes(kind))
  const told: Event[] = []
  if (meant.length === 0) return { meant, told, problem: undefined }
  const options = optionsOf(channel)
  if (typeof options === 'string') return { meant, told, problem: problemWith(channel, options) }
  for (const event of meant) {
    const problem = await deliver(options, messageOf(event), delivering)
    if (problem !== undefined) return { meant, told, problem: problemWith(channel, problem) }
    told.push(event)
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

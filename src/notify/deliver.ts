import { UserError } from '../shared/errors.ts'
import { usualPatience, type Patience } from '../shared/patience.ts'
import { sendDiscord } from './channels/discord.ts'
import { sendPing, type Ping } from './channels/healthchecks.ts'
import { sendNtfy } from './channels/ntfy.ts'
import { sendSlack } from './channels/slack.ts'
import { sendWebhook } from './channels/webhook.ts'
import type { Message } from './message.ts'
import type { ChannelOptions, HealthchecksOptions } from './options.ts'

/** All tries of one message on one channel take so long at most. */
const longestMs = 60_000

export interface Delivering {
  patience?: Patience
  signal: AbortSignal
}

/**
 * Sends a message on a channel. A check of Healthchecks only notes a message, which changes nothing about it.
 * @returns why it did not get through; undefined when it did. Never throws: nothing that matters more than a message
 *   fails over one.
 */
export async function deliver(
  options: ChannelOptions,
  message: Message,
  delivering: Delivering,
): Promise<string | undefined> {
  return await attempt(delivering, async (patience, signal) => {
    switch (options.type) {
      case 'email': {
        // It takes a while to load, and most runs have nothing to tell.
        const { sendEmail } = await import('./channels/email.ts')
        return await sendEmail(options, message, patience, signal)
      }
      case 'webhook':
        return await sendWebhook(options, message, patience, signal)
      case 'ntfy':
        return await sendNtfy(options, message, patience, signal)
      case 'discord':
        return await sendDiscord(options, message, patience, signal)
      case 'slack':
        return await sendSlack(options, message, patience, signal)
      case 'healthchecks':
        return await sendPing(options, 'log', `${message.subject}\n\n${message.text}`, patience, signal)
    }
  })
}

/** Pings a check. @returns as {@link deliver}. */
export async function deliverPing(
  options: HealthchecksOptions,
  { ping, text }: { ping: Ping; text: string },
  delivering: Delivering,
): Promise<string | undefined> {
  return await attempt(
    delivering,
    async (patience, signal) => await sendPing(options, ping, text, patience, signal),
  )
}

async function attempt(
  { patience = usualPatience, signal }: Delivering,
  send: (patience: Patience, signal: AbortSignal) => Promise<void>,
): Promise<string | undefined> {
  const enough = AbortSignal.timeout(longestMs)
  try {
    await send(patience, AbortSignal.any([signal, enough]))
    return undefined
  } catch (error) {
    if (signal.aborted) return 'was interrupted'
    if (enough.aborted) return `did not take it within ${longestMs / 1000} s`
    // The text of an error that nobody expected may hold anything, a secret included.
    return error instanceof UserError ? error.message : 'failed in a way that Safelight did not expect'
  }
}

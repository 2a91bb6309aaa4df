import * as z from 'zod'
import { eventKinds, type EventKind } from '../notify/event.ts'
import type { ChannelOptions } from '../notify/options.ts'
import { name, secretReference, text } from './fields.ts'
import type { Resolved } from './secret.ts'

const on = z
  .array(z.enum(eventKinds))
  .refine((list) => new Set(list).size === list.length, 'names something twice')

/** What a channel has, of whatever type. */
const everyChannel = { name, on: on.default([...eventKinds]) }

/** What tells a check that a run failed, where the configuration says nothing. */
const usualFailures: EventKind[] = ['failure', 'verification-failure']

const address = z.string().regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, 'is no e-mail address')

const email = z
  .strictObject({
    ...everyChannel,
    type: z.literal('email'),
    host: text,
    port: z.int().min(1, 'is 1 or more').max(65_535, 'is 65535 at most').optional(),
    security: z.enum(['starttls', 'tls', 'none']).default('starttls'),
    ca: secretReference.optional(),
    user: text.optional(),
    password: secretReference.optional(),
    from: address,
    to: z.array(address).min(1, 'names nobody'),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    path: ['user'],
    error: 'goes together with password',
  })
  .refine(({ security, password }) => security !== 'none' || password === undefined, {
    path: ['security'],
    error: 'none would send the password unencrypted',
  })

const webhook = z.strictObject({
  ...everyChannel,
  type: z.literal('webhook'),
  url: secretReference,
  headers: z.record(text, secretReference).default({}),
  template: z.unknown().optional(),
})

const ntfy = z.strictObject({
  ...everyChannel,
  type: z.literal('ntfy'),
  url: secretReference,
  token: secretReference.optional(),
})

const discord = z.strictObject({ ...everyChannel, type: z.literal('discord'), url: secretReference })

const slack = z.strictObject({ ...everyChannel, type: z.literal('slack'), url: secretReference })

const healthchecks = z.strictObject({
  ...everyChannel,
  on: on.default(usualFailures),
  type: z.literal('healthchecks'),
  url: secretReference,
  run: z.enum(['backup', 'verify-restore']).default('backup'),
})

/** Where is told how backups are doing. */
export const notify = z
  .array(z.discriminatedUnion('type', [email, webhook, ntfy, discord, slack, healthchecks]))
  .default([])

/** A channel, as the file has it. */
export type NotifyChannel = Resolved<z.infer<typeof notify>[number]>

const usualPorts = { starttls: 587, tls: 465, none: 25 } as const

/** How to reach a channel. @throws UserError when a reference to a secret leads nowhere. */
export function channelOptions(channel: NotifyChannel): ChannelOptions {
  switch (channel.type) {
    case 'email': {
      const { port, security, ca, user, password, ...rest } = channel
      return {
        ...rest,
        security,
        port: port ?? usualPorts[security],
        ca: ca?.reveal(),
        login: user === undefined || !password ? undefined : { user, password: password.reveal() },
      }
    }
    case 'webhook': {
      const headers = Object.entries(channel.headers).map(([key, value]) => [key, value.reveal()])
      return {
        ...channel,
        url: channel.url.reveal(),
        headers: Object.fromEntries(headers) as Record<string, string>,
        template: channel.template,
      }
    }
    case 'ntfy':
      return { ...channel, url: channel.url.reveal(), token: channel.token?.reveal() }
    case 'discord':
    case 'slack':
    case 'healthchecks':
      return { ...channel, url: channel.url.reveal() }
  }
}

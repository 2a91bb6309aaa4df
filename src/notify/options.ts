import type { EventKind } from './event.ts'

/** How a channel is reached, secrets included. */
export type ChannelOptions =
  EmailOptions | WebhookOptions | NtfyOptions | DiscordOptions | SlackOptions | HealthchecksOptions

/** What every channel has. */
interface Named {
  /** For messages about the channel itself. */
  name: string
  /** What it is told of; for `healthchecks`, what counts as a failed run. */
  on: readonly EventKind[]
}

export interface EmailOptions extends Named {
  type: 'email'
  host: string
  port: number
  /** `starttls`: refused unless the server offers it. `none`: no password is sent then, and anybody can read along. */
  security: 'starttls' | 'tls' | 'none'
  /** PEM certificate of the authority that signed the server's, where that is not a public one. */
  ca: string | undefined
  login: { user: string; password: string } | undefined
  from: string
  to: readonly string[]
}

export interface WebhookOptions extends Named {
  type: 'webhook'
  url: string
  headers: Readonly<Record<string, string>>
  /** What is sent: a text, or JSON in whose texts the placeholders are replaced. Undefined: the message as JSON. */
  template: unknown
}

export interface NtfyOptions extends Named {
  type: 'ntfy'
  /** Of the topic: `https://ntfy.sh/photos-3f9c` */
  url: string
  token: string | undefined
}

export interface DiscordOptions extends Named {
  type: 'discord'
  url: string
}

export interface SlackOptions extends Named {
  type: 'slack'
  url: string
}

export interface HealthchecksOptions extends Named {
  type: 'healthchecks'
  url: string
  /** The runs that it is told of. A check watches one schedule, so each kind of run has its own. */
  run: WatchedRun
}

/** A kind of run that ends well or not. */
export type WatchedRun = 'backup' | 'verify-restore'

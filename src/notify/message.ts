import type { EventKind } from './event.ts'

/** `bad`: no backup, or a damaged one. `warning`: a person should look. `good`: nothing to do. */
export type Severity = 'bad' | 'warning' | 'good'

/** What a channel sends. It holds no secret, no stack, and no name of a photo. */
export interface Message {
  kind: EventKind | 'test'
  severity: Severity
  host: string
  /** The destinations that it is about. */
  destinations: readonly string[]
  /** One line that says it all, for a phone. */
  subject: string
  /** Plain text: what happened, what is safe, what to do. Without a newline at its end. */
  text: string
}

/** A message about an event. */
export interface EventMessage extends Message {
  kind: EventKind
}

/** What a message says. */
export type Words = Pick<Message, 'severity' | 'subject' | 'text'>

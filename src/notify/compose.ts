import type { Event } from './event.ts'
import type { EventMessage, Message, Words } from './message.ts'
import { digestMessage } from './messages/digest.ts'
import { failureMessage } from './messages/failure.ts'
import { firstSuccessMessage, recoveryMessage } from './messages/good.ts'
import { overdueMessage } from './messages/overdue.ts'
import { partialMessage, sharpDropMessage } from './messages/partial.ts'
import { verificationFailureMessage } from './messages/verification.ts'

/** The message that tells of an event. */
export function messageOf(event: Event): EventMessage {
  return { kind: event.kind, host: event.host, destinations: destinationsOf(event), ...wordsOf(event) }
}

/** What `safelight notify test` sends. */
export function testMessage(host: string): Message {
  return {
    kind: 'test',
    severity: 'good',
    host,
    destinations: [],
    subject: 'Test message from Safelight',
    text: 'This channel works. Safelight will tell here how the backups of your photos are doing.',
  }
}

function wordsOf(event: Event): Words {
  switch (event.kind) {
    case 'failure':
      return failureMessage(event)
    case 'partial':
      return partialMessage(event)
    case 'recovery':
      return recoveryMessage(event)
    case 'overdue':
      return overdueMessage(event)
    case 'sharp-drop':
      return sharpDropMessage(event)
    case 'verification-failure':
      return verificationFailureMessage(event)
    case 'first-success':
      return firstSuccessMessage(event)
    case 'digest':
      return digestMessage(event)
  }
}

function destinationsOf(event: Event): string[] {
  if (event.kind === 'failure') return event.failed.map(({ destination }) => destination)
  if (event.kind === 'verification-failure') return [event.destination]
  return event.destinations.map(({ destination }) => destination)
}

import { Encrypter } from 'age-encryption'

/** Whether a recipient is post-quantum; all recipients of a vault are, or none. */
export function isPostQuantum(recipient: string): boolean {
  return recipient.startsWith('age1pq1')
}

/** Why a text is no recipient that a vault can have, or undefined when it is one. */
export function recipientProblem(text: string): string | undefined {
  if (/^age-(?:secret-key|plugin)-/i.test(text)) {
    return 'is an identity (a secret key!), where its recipient belongs; treat that key as leaked'
  }
  if (!/^age1(?:pq1)?[02-9ac-hj-np-z]+$/.test(text)) {
    return 'is no native age recipient (age1... or age1pq1...)'
  }
  try {
    new Encrypter().addRecipient(text)
    return undefined
  } catch {
    return 'is no valid age recipient: mistyped or cut short'
  }
}

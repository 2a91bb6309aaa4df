import type { Config } from '../../config/config.ts'
import type { Identity } from '../../crypto/identity.ts'
import type { Finding } from '../../storage/probe/finding.ts'

/** Enough of a recipient to compare it with the recovery sheet; a post-quantum one has two thousand letters. */
const shownLetters = 20

/** Whether the identity, which is open, fits the configuration. */
export async function* checkIdentity(
  { recipient }: Identity,
  { writeOnly, recovery }: Pick<Config, 'writeOnly' | 'recovery'>,
): AsyncGenerator<Finding> {
  const what = 'identity'
  if (writeOnly && recovery.includes(recipient)) {
    yield {
      what,
      result: 'bad',
      detail: 'in write-only mode it is one of the recovery recipients, and so reads everything',
      remedy: 'Make another identity for recovery, away from this machine, and keep it offline.',
    }
    return
  }
  yield { what, result: 'good', detail: `opens; its public key begins ${recipient.slice(0, shownLetters)}` }
}

import { Decrypter, Encrypter } from 'age-encryption'
import { DecryptionError } from './cobblestone.ts'

/**
 * Wraps a secret as a binary age file.
 * @param recipients `age1...` or `age1pq1...` strings; all of one kind, which the configuration has checked.
 */
export async function wrapForRecipients(
  secret: Uint8Array,
  recipients: readonly string[],
): Promise<Uint8Array> {
  if (recipients.length === 0) throw new Error('a secret needs at least one recipient')
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return await encrypter.encrypt(secret)
}

/**
 * Opens an age file. age authenticates the file but not who made it: whoever unwraps a key checks the key itself.
 * @param identity `AGE-SECRET-KEY-1...` or `AGE-SECRET-KEY-PQ-1...`.
 * @throws DecryptionError when the identity is none of the file's recipients, or the file is damaged.
 */
export async function unwrapWithIdentity(file: Uint8Array, identity: string): Promise<Uint8Array> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  try {
    return await decrypter.decrypt(file)
  } catch (error) {
    throw new DecryptionError(
      `the age file does not open: ${error instanceof Error ? error.message : 'unknown'}`,
    )
  }
}

import { DecryptionError } from '../crypto/cobblestone.ts'
import { UserError } from '../shared/errors.ts'
import { AccessDeniedError, ObjectMissingError, StorageError } from '../storage/errors.ts'
import { ObjectTooLargeError } from '../vault/objects.ts'

/**
 * Whether an error says that something in the vault is gone or is not what was stored: trying again is no use, and what
 * does not need it is not harmed. A storage that failed says nothing of the kind.
 */
export function isLoss(error: unknown): boolean {
  if (error instanceof StorageError || error instanceof AccessDeniedError) return false
  return (
    error instanceof DecryptionError ||
    error instanceof ObjectMissingError ||
    error instanceof ObjectTooLargeError ||
    error instanceof UserError
  )
}

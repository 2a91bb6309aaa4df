import { UserError } from '../../../shared/errors.ts'
import type { DestinationType } from './destinationType.ts'
import { drive } from './drive.ts'
import { gcs } from './gcs.ts'
import { local } from './local.ts'
import { rclone } from './rclone.ts'
import { s3 } from './s3.ts'
import { sftp } from './sftp.ts'

/** Every type of destination, in the order in which they are offered. */
export const destinationTypes: readonly DestinationType[] = [local, s3, gcs, sftp, drive, rclone]

/** @throws UserError when there is no such type. */
export function findType(name: string): DestinationType {
  const found = destinationTypes.find(({ type }) => type === name)
  if (found) return found
  throw new UserError(`there is no type of destination ${name}`, {
    hint: `It is one of ${destinationTypes.map(({ type }) => type).join(', ')}.`,
  })
}

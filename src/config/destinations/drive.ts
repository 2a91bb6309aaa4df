import * as z from 'zod'
import type { DriveOptions } from '../../storage/options.ts'
import { everyDestination, prefix, secretReference } from '../fields.ts'
import type { Resolved } from '../secret.ts'

const folder = z
  .string()
  .regex(/^[\w-]{10,}$/, 'is the id of a folder: what its address in the browser ends in')

export const driveDestination = z
  .strictObject({
    ...everyDestination,
    type: z.literal('drive'),
    folder: folder.optional(),
    prefix,
    serviceAccount: secretReference.optional(),
    oauth: z
      .strictObject({
        clientId: secretReference,
        clientSecret: secretReference,
        refreshToken: secretReference,
      })
      .optional(),
  })
  .refine(({ serviceAccount, oauth }) => (serviceAccount === undefined) !== (oauth === undefined), {
    error: 'needs either serviceAccount or oauth',
  })
  .refine(({ serviceAccount, folder }) => serviceAccount === undefined || folder !== undefined, {
    error: 'is missing: a service account has no place of its own',
    path: ['folder'],
  })

export type DriveDestination = Resolved<z.infer<typeof driveDestination>>

/** @param cacheFolder where this machine remembers what it made. */
export function driveOptions(
  { folder, prefix, serviceAccount, oauth }: DriveDestination,
  cacheFolder: string | undefined,
): DriveOptions {
  const credentials =
    oauth === undefined
      ? { serviceAccount: serviceAccount?.reveal() ?? '' }
      : {
          clientId: oauth.clientId.reveal(),
          clientSecret: oauth.clientSecret.reveal(),
          refreshToken: oauth.refreshToken.reveal(),
        }
  return { type: 'drive', folder, prefix, credentials, cacheFolder }
}

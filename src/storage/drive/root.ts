import { UserError } from '../../shared/errors.ts'
import type { About, DriveClient } from './client.ts'
import { statusOf } from './errors.ts'

/** The folder that a vault lies in, or below. */
export interface DriveRoot {
  id: string
  /** The shared drive that it is, or lies in. */
  driveId: string | undefined
}

/** What Drive calls the root of My Drive. An account that sees only its own files can't even ask for its real id. */
export const myDrive = 'root'

/** @throws UserError when there is no such folder, as far as the account sees. */
export async function findRoot(client: DriveClient, id: string, about: About): Promise<DriveRoot> {
  if (id === myDrive) return { id, driveId: undefined }
  const hint = `Take the id from the folder's address in the browser, and share the folder${sharedWith(client)}.`
  try {
    const folder = await client.get(id, about)
    if (!folder.isFolder) throw new UserError(`${id} is not a folder in Drive`, { hint })
    if (!folder.trashed) return { id, driveId: folder.driveId }
  } catch (error) {
    if (statusOf(error) !== 404) throw error
    throw new UserError(`there is no folder ${id} in Drive, or the account does not see it`, {
      hint,
      cause: error,
    })
  }
  throw new UserError(`the folder ${id} is in the trash of Drive`, {
    hint: 'Restore it, or use another one.',
  })
}

function sharedWith({ auth }: DriveClient): string {
  return 'email' in auth && typeof auth.email === 'string' ? ` with ${auth.email}` : ' with the account'
}

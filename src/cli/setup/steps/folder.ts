import { existsSync } from 'node:fs'
import type { Destination } from '../../../config/config.ts'
import { makeFolder } from '../plan.ts'
import type { Session } from '../session.ts'

/** Makes the folder of a local destination, whose parent is there. */
export async function makeDestinationFolder({ undo }: Session, destination: Destination): Promise<void> {
  if (destination.type !== 'local' || existsSync(destination.path)) return
  await makeFolder(destination.path, 0o700, undo)
}

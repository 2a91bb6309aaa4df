import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { localDestination } from '../../../config/destinations/local.ts'
import type { DestinationType } from './destinationType.ts'

export const local: DestinationType = {
  type: 'local',
  title: 'a folder',
  hint: 'on another disk of this machine, or on a mounted share',
  name: 'disk',
  advice:
    'A folder on another disk protects from a broken disk and from mistakes, though not from fire and theft. A second destination elsewhere does.',
  schema: localDestination,
  questions: [
    {
      field: 'path',
      flag: 'path',
      ask: 'In which folder shall the backups lie?',
      help: '/mnt/backup/immich: empty, best on another disk, and never inside the library. It is made if need be.',
      kind: 'path',
      problem: whyNoPlace,
    },
  ],
}

/** A folder whose parent is missing is mistyped, or its disk is not mounted. */
function whyNoPlace(path: string): string | undefined {
  const parent = dirname(path)
  return existsSync(parent) ? undefined : `can't be made: there is no folder ${parent}. Is its disk mounted?`
}

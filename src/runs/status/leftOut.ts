import { libraryFolders } from '../../immich/folders.ts'

/** What the configuration keeps out of every backup. */
export interface LeftOut {
  /** A folder of the library, `database`, or a glob. */
  what: string
  /** For people. */
  why: string
}

interface Wishes {
  include: readonly string[]
  ignore: readonly string[]
  /** False: none is backed up. */
  database: unknown
}

/** Immich makes these again from the originals. */
const derived: readonly string[] = ['thumbs', 'encoded-video']

/** What is left out on purpose, and why that may be right. */
export function leftOut({ include, ignore, database }: Wishes): LeftOut[] {
  const folders = libraryFolders
    .filter((folder) => !include.includes(folder))
    .map((what) => ({
      what,
      why: derived.includes(what) ? 'Immich makes it again' : 'not in `include`; nothing can make it again',
    }))
  const globs = ignore.map((what) => ({ what, why: 'files that `ignore` names' }))
  const none = {
    what: 'database',
    why: '`database: false`; without it the files have no albums, people or users',
  }
  return [...folders, ...(database === false ? [none] : []), ...globs]
}

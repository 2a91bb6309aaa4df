/** The six folders of an Immich media root, in the order in which they are backed up. */
export const libraryFolders = ['library', 'upload', 'profile', 'backups', 'thumbs', 'encoded-video'] as const

export type LibraryFolder = (typeof libraryFolders)[number]

/** Immich refuses to start when this file is missing in one of the six folders (issues 17229, 24174, 28538 of Immich). */
export const markerName = '.immich'

/** What Immich writes beside finished dumps while it works: never a file to keep. */
export const unfinishedDumps = 'backups/*.tmp'

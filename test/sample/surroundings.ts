import { mkdir, symlink } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import type { Random } from '../support/random.ts'
import type { Media } from './media.ts'
import { nameThatIsNoText } from './names.ts'
import { thumbsPath, uploadPath } from './paths.ts'
import type { SampleUser, SampleUsers } from './users.ts'
import { withComment } from './vary.ts'
import { writeNew } from './write.ts'

/** Immich's six folders. */
export const mediaFolders = ['library', 'upload', 'profile', 'backups', 'thumbs', 'encoded-video'] as const

export interface SamplePerson {
  id: string
  owner: SampleUser
  name: string
  /** Relative to the media root. */
  thumbnail: string
}

/** Every one of the six folders holds a marker, without which Immich does not start. Immich writes the time into it. */
export async function writeMarkers(root: string): Promise<void> {
  for (const folder of mediaFolders) await writeNew(root, `${folder}/.immich`, String(Date.UTC(2024, 0, 2)))
}

/** Avatars, as `users` name them, and one face for each person. */
export async function writeFaces(
  root: string,
  random: Random,
  media: Media,
  { ada, ben }: SampleUsers,
): Promise<SamplePerson[]> {
  for (const user of [ada, ben])
    await writeNew(root, user.profileImage, withComment(media.preview, user.name))
  const people = ['Grace', 'Zoë', ''].map((name) => {
    const id = random.uuid()
    return { id, owner: ada, name, thumbnail: thumbsPath(ada, id, '.jpeg') }
  })
  for (const { thumbnail, id } of people) await writeNew(root, thumbnail, withComment(media.preview, id))
  return people
}

/** Immich's own nightly dumps: valid gzip, and text that begins and ends as `pg_dump`'s does. */
export async function writeImmichDumps(root: string): Promise<void> {
  for (const day of ['20260728', '20260729', '20260730']) {
    const text = `--\n-- PostgreSQL database dump\n--\n\n-- of ${day}\n\n--\n-- PostgreSQL database dump complete\n--\n\n`
    await writeNew(root, `backups/immich-db-backup-${day}T020000-v3.1.0-pg14.19.sql.gz`, gzipSync(text))
  }
}

/** What a long life leaves behind, and no row of the database names. Gives the paths of the files. */
export async function writeLeftovers(
  root: string,
  random: Random,
  media: Media,
  { ada }: SampleUsers,
): Promise<string[]> {
  const [photo] = media.photos
  if (photo === undefined) throw new Error('no photos')
  const leftovers: [path: string, content: Buffer][] = [
    // Uploads that broke off: at once, and half-way.
    [uploadPath(ada, random.uuid(), 'jpg'), Buffer.alloc(0)],
    [uploadPath(ada, random.uuid(), 'jpg'), photo.jpeg.subarray(0, 20_000)],
    [`upload/${ada.id}/${nameThatIsNoText}`, withComment(photo.jpeg, 'from an old memory card')],
    ['library/ada/.DS_Store', random.bytes(100)],
  ]
  for (const [path, content] of leftovers) await writeNew(root, path, content)
  // The storage template moves the files and leaves the folders.
  await mkdir(`${root}/upload/${ada.id}/ff/00`, { recursive: true })
  await symlink('2019/2019-07-03', `${root}/library/ada/the holiday`)
  await symlink('/nowhere', `${root}/library/ada/dangling`)
  return leftovers.map(([path]) => path)
}

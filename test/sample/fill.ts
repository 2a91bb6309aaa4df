import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from 'pg'
import type { Random } from '../support/random.ts'
import { assetRows, type DatabasePaths } from './assetRows.ts'
import { insertRows, type Rows } from './rows.ts'
import { mediaFolders, type SamplePerson } from './surroundings.ts'
import type { SampleUsers } from './users.ts'
import type { StoredAsset } from './write.ts'

interface Contents {
  users: SampleUsers
  assets: readonly StoredAsset[]
  people: readonly SamplePerson[]
  /** Files that no asset names, relative to the media root. */
  untracked: readonly string[]
}

/** Makes Immich's tables in an empty database and fills them with what lies in a sample library. */
export async function fillDatabase(
  client: Client,
  random: Random,
  paths: DatabasePaths,
  { users, assets, people, untracked }: Contents,
): Promise<void> {
  const libraryId = random.uuid()
  const inMediaRoot = (path: string) => join(paths.mediaLocation, path)
  await client.query(await readFile(join(import.meta.dirname, 'schema.sql'), 'utf8'))
  await insertRows(client, {
    user: [users.ada, users.ben].map(({ profileImage, ...user }) => {
      return { ...user, profileImagePath: inMediaRoot(profileImage) }
    }),
    library: [{ id: libraryId, ownerId: users.ada.id, name: 'Scans', importPaths: [paths.external] }],
    ...assetRows(assets, paths, libraryId),
    person: people.map(({ id, owner, name, thumbnail }) => {
      return { id, ownerId: owner.id, name, thumbnailPath: inMediaRoot(thumbnail) }
    }),
    asset_face: faceRows(random, assets, people),
    ...albumRows(random, assets, users),
    ...serverRows(paths.mediaLocation),
    // PostgreSQL holds valid UTF-8 only, so a report can't name every file.
    integrity_report: untracked
      .filter((path) => path.isWellFormed())
      .map((path) => ({ type: 'untracked_file', path: inMediaRoot(path) })),
  })
}

function faceRows(random: Random, assets: readonly StoredAsset[], people: readonly SamplePerson[]) {
  return people.flatMap((person) => {
    const pictures = assets.filter(({ photo, owner }) => photo !== undefined && owner.id === person.owner.id)
    return random.sample(pictures, 5).map(({ id }) => {
      const [left, top] = [random.integer(0, 200), random.integer(0, 200)]
      const box = {
        boundingBoxX1: left,
        boundingBoxY1: top,
        boundingBoxX2: left + 80,
        boundingBoxY2: top + 80,
      }
      return { assetId: id, personId: person.id, ...box }
    })
  })
}

function albumRows(random: Random, assets: readonly StoredAsset[], { ada, ben }: SampleUsers): Rows {
  const shown = assets.filter(({ trashed, visibility }) => !trashed && visibility === 'timeline')
  const albums = [
    {
      id: random.uuid(),
      albumName: 'Summer holidays',
      roles: { [ada.id]: 'owner', [ben.id]: 'editor' },
      size: 12,
    },
    {
      id: random.uuid(),
      albumName: 'Été 🌞 “à deux”',
      roles: { [ben.id]: 'owner', [ada.id]: 'viewer' },
      size: 6,
    },
    { id: random.uuid(), albumName: 'Nothing yet', roles: { [ben.id]: 'owner' }, size: 0 },
  ]
  return {
    album: albums.map(({ id, albumName }) => ({ id, albumName })),
    album_user: albums.flatMap(({ id, roles }) =>
      Object.entries(roles).map(([userId, role]) => ({ albumId: id, userId, role })),
    ),
    album_asset: albums.flatMap(({ id, size }) =>
      random.sample(shown, size).map((asset) => ({ albumId: id, assetId: asset.id })),
    ),
  }
}

/** What the server knows of itself: where its files lie, that the markers are checked, which versions have run. */
function serverRows(mediaLocation: string): Rows {
  const mountChecks = Object.fromEntries(mediaFolders.map((folder) => [folder, true]))
  return {
    system_metadata: [
      { key: 'MediaLocation', value: { location: mediaLocation } },
      { key: 'system-flags', value: { mountChecks } },
      { key: 'system-config', value: { storageTemplate: { enabled: true } } },
    ],
    version_history: [
      { version: '2.7.5', createdAt: '2026-04-14T09:12:03Z' },
      { version: '3.0.2', createdAt: '2026-07-03T21:40:11Z' },
      { version: '3.1.0', createdAt: '2026-07-28T19:05:37Z' },
    ],
  }
}

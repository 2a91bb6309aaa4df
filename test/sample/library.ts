import { resolve } from 'node:path'
import { Client } from 'pg'
import { Random } from '../support/random.ts'
import { ageTree } from './age.ts'
import { fillDatabase } from './fill.ts'
import { encodeMedia } from './media.ts'
import { planAssets } from './plan.ts'
import { writeFaces, writeImmichDumps, writeLeftovers, writeMarkers } from './surroundings.ts'
import { makeUsers, type SampleUsers } from './users.ts'
import { type SampleFolders, type StoredAsset, writeAsset } from './write.ts'

export interface SampleOptions {
  /** Where the media root is made; must not hold any of Immich's folders yet. */
  root: string
  /** Connection URL of an empty database, of a user who may create extensions. */
  database: string
  /** How many rows `asset` gets; 80 by default, and at least as many as there are unusual cases. */
  scale?: number
  /** Another seed gives another library; the same gives the same names, bytes, modes and times. 1 by default. */
  seed?: number
  /** The media root as the database knows it; `/data` by default, as in Immich's container. */
  mediaLocation?: string
}

export interface SampleLibrary extends SampleFolders {
  database: string
  mediaLocation: string
  users: SampleUsers
  assets: readonly StoredAsset[]
}

/**
 * Makes a library that looks like one of Immich 3.1, with everything unusual that one may hold, and fills a database
 * that agrees with it. The files of its external library go beside it, to `<root>-external`, and the database knows
 * them by that path.
 */
export async function createSampleLibrary(options: SampleOptions): Promise<SampleLibrary> {
  const { database, scale = 80, seed = 1, mediaLocation = '/data' } = options
  const root = resolve(options.root)
  const folders = { root, external: `${root}-external` }
  const random = new Random(seed)
  const media = await encodeMedia(seed)
  const users = makeUsers(random)

  const assets: StoredAsset[] = []
  for (const asset of planAssets(random, media, users, scale))
    assets.push(await writeAsset(folders, media, asset))
  await writeMarkers(root)
  await writeImmichDumps(root)
  const people = await writeFaces(root, random, media, users)
  const untracked = await writeLeftovers(root, random, media, users)
  await ageTree(root, random)
  await ageTree(folders.external, random)

  const client = new Client(database)
  await client.connect()
  try {
    const paths = { mediaLocation, external: folders.external }
    await fillDatabase(client, random, paths, { users, assets, people, untracked })
  } finally {
    await client.end()
  }
  return { ...folders, database, mediaLocation, users, assets }
}

import { hash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Client } from 'pg'
import { errorCode } from '../../src/shared/errors.ts'
import { fileHash } from '../support/tree.ts'

interface Where {
  /** Where the media root lies on this machine. */
  root: string
  /** Connection URL. */
  database: string
  /** The media root as the database knows it. */
  mediaLocation: string
}

/**
 * What the database says and the files do not bear out, one line each: originals whose size or SHA-1 is another, and
 * every other file that a row names and that is not there. An empty list means that library and database agree.
 */
export async function findInconsistencies({ root, database, mediaLocation }: Where): Promise<string[]> {
  const onDisk = (path: string) => join(root, relative(mediaLocation, path))
  const { originals, others } = await filesInDatabase(database)
  const problems: string[] = []
  for (const { path, sha1, size, byPath } of originals) {
    const file = byPath ? path : onDisk(path)
    const found = await sizeOf(file)
    if (found === undefined) problems.push(`${path}: missing`)
    else if (found !== Number(size)) problems.push(`${path}: ${found} bytes, not ${size}`)
    else if ((byPath ? hash('sha1', `path:${path}`) : await fileHash(file, 'sha1')) !== sha1) {
      problems.push(`${path}: its SHA-1 is not ${sha1}`)
    }
  }
  for (const { path } of others) {
    if ((await sizeOf(onDisk(path))) === undefined) problems.push(`${path}: missing`)
  }
  return problems
}

async function filesInDatabase(database: string) {
  const client = new Client(database)
  await client.connect()
  try {
    const originals = await client.query<{ path: string; sha1: string; size: string; byPath: boolean }>(
      `SELECT "originalPath" AS path, encode(checksum, 'hex') AS sha1, "fileSizeInByte" AS size,
         "checksumAlgorithm" = 'sha1-path' AS "byPath"
       FROM asset JOIN asset_exif ON "assetId" = asset.id`,
    )
    const others = await client.query<{ path: string }>(
      `SELECT path FROM asset_file
       UNION ALL SELECT "thumbnailPath" FROM person
       UNION ALL SELECT "profileImagePath" FROM "user"`,
    )
    return { originals: originals.rows, others: others.rows }
  } finally {
    await client.end()
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

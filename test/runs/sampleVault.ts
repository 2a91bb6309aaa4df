import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { changeSampleLibrary } from '../sample/change.ts'
import { createSampleLibrary, type SampleLibrary } from '../sample/library.ts'
import { startPostgres } from '../support/postgres.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import type { StoredRecord } from '../../src/vault/snapshots.ts'
import { backUp, createTestVault, type TestVault } from './backedUp.ts'

export interface SampleVault extends TestVault, AsyncDisposable {
  library: SampleLibrary
  newest: StoredRecord
  /** A folder for the test's own files. */
  folder: string
}

/** The sample library with its database, backed up, changed, and backed up again. */
export async function createSampleVault(): Promise<SampleVault> {
  await using stack = new AsyncDisposableStack()
  const { path: folder } = stack.use(await temporaryFolder())
  const postgres = stack.use(await startPostgres())
  const library = await createSampleLibrary({
    root: join(folder, 'library'),
    database: await postgres.createDatabase('immich'),
  })
  const vault = await createTestVault(folder)
  await backUp(vault, library.root, { database: library.database })
  await changeSampleLibrary(library)
  const newest = await backUp(vault, library.root, { database: library.database })
  const kept = stack.move()
  return { ...vault, library, newest, folder, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

export interface SmallVault extends TestVault, AsyncDisposable {
  mediaRoot: string
  newest: StoredRecord
}

/** Two large files and a few small ones, no database, in two snapshots: made in a moment. */
export async function createSmallVault(): Promise<SmallVault> {
  await using stack = new AsyncDisposableStack()
  const mediaRoot = stack.use(await temporaryFolder()).path
  for (const folder of ['library', 'upload', 'profile']) {
    await mkdir(join(mediaRoot, folder))
    await writeFile(join(mediaRoot, folder, '.immich'), folder)
  }
  const vault = await createTestVault(mediaRoot)
  await writeFile(join(mediaRoot, 'library/photo.jpg'), randomBytes(400_000))
  await backUp(vault, mediaRoot)
  await writeFile(join(mediaRoot, 'library/another.jpg'), randomBytes(400_000))
  const newest = await backUp(vault, mediaRoot)
  const kept = stack.move()
  return { ...vault, mediaRoot, newest, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

import { join } from 'node:path'
import { changeSampleLibrary } from '../sample/change.ts'
import { createSampleLibrary, type SampleLibrary } from '../sample/library.ts'
import { startPostgres } from '../support/postgres.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { backUp, createTestVault, type TestVault } from './backedUp.ts'

export interface SampleVault extends TestVault, AsyncDisposable {
  library: SampleLibrary
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
  await backUp(vault, library.root, { database: library.database })
  const kept = stack.move()
  return { ...vault, library, folder, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openLocal } from '../../src/storage/local.ts'
import { errorCode } from '../../src/shared/errors.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { conformance } from './conformance.ts'

conformance('local storage', async () => {
  const folder = await temporaryFolder()
  return {
    storage: await openLocal(folder.path),
    reopen: () => openLocal(folder.path),
    leftovers: () => temporaryFiles(folder.path),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
})

async function temporaryFiles(root: string): Promise<string[]> {
  try {
    return await readdir(join(root, 'tmp'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

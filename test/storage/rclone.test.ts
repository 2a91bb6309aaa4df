import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe } from 'vitest'
import { errorCode } from '../../src/shared/errors.ts'
import { openRclone } from '../../src/storage/rclone/rclone.ts'
import { startTestRclone } from '../support/rclone.ts'
import { conformance } from './conformance.ts'

const rclone = await startTestRclone()
afterAll(async () => await rclone[Symbol.asyncDispose]())

describe('a remote that moves files', () => {
  conformance(async () => {
    const name = randomUUID()
    const options = rclone.optionsFor(`disk:${name}`)
    const storage = await openRclone(options)
    return {
      storage,
      reopen: () => openRclone(options),
      leftovers: () => temporaryFiles(join(rclone.folder, name)),
      [Symbol.asyncDispose]: () => storage.close(),
    }
  })
})

describe('an object store', () => {
  conformance(async () => {
    const options = rclone.optionsFor(`bucket:${randomUUID()}`)
    const storage = await openRclone(options)
    return {
      storage,
      reopen: () => openRclone(options),
      // What is unfinished is not seen there by anybody.
      leftovers: async () => [],
      [Symbol.asyncDispose]: () => storage.close(),
    }
  })
})

async function temporaryFiles(root: string): Promise<string[]> {
  try {
    return await readdir(join(root, 'tmp'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

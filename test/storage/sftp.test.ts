import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { errorCode } from '../../src/shared/errors.ts'
import { openSftp } from '../../src/storage/sftp/sftp.ts'
import { startSshServer } from '../support/sshServer.ts'
import { conformance } from './conformance.ts'

const server = await startSshServer()
afterAll(() => server[Symbol.asyncDispose]())

conformance(openEmpty, { resumable: true })

async function openEmpty() {
  await using stack = new AsyncDisposableStack()
  const { local, options } = await server.folder()
  const storage = stack.adopt(await openSftp(options), (opened) => opened.close())
  const owned = stack.move()
  return {
    storage,
    reopen: async () => owned.adopt(await openSftp(options), (again) => again.close()),
    leftovers: async () => await temporaryFiles(local),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function temporaryFiles(root: string): Promise<string[]> {
  try {
    return await readdir(join(root, 'tmp'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

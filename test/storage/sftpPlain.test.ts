/* A server that has no extensions and takes a password: what SFTP is without OpenSSH. */
import { randomBytes } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openSftp } from '../../src/storage/sftp/sftp.ts'
import { startPlainSftp } from '../servers/sftp/server.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { checkOn } from './conformance/check.ts'
import { creating } from './conformance/creating.ts'
import { keys } from './conformance/keys.ts'
import { listing } from './conformance/listing.ts'
import { whole } from './conformance/whole.ts'
import { collect, pieces } from './streams.ts'

/** Of the suite, what does not move tens of megabytes: this server and the program share one thread. */
describe('the storage contract, in small', () => {
  const check = checkOn(openEmpty)
  for (const add of [creating, listing, keys, whole]) add(check)
})

async function openEmpty() {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const server = stack.use(await startPlainSftp(folder.path))
  const storage = stack.adopt(await openSftp(server.options), (opened) => opened.close())
  const owned = stack.move()
  return {
    storage,
    server,
    folder: folder.path,
    reopen: async () => owned.adopt(await openSftp(server.options), (again) => again.close()),
    leftovers: async () =>
      (await readdir(folder.path)).includes('tmp') ? await readdir(join(folder.path, 'tmp')) : [],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

test('it says what it can not promise', async () => {
  await using subject = await openEmpty()
  expect(subject.storage.capabilities).toMatchObject({ atomicCreate: false, durable: false })
})

test('an object gets its name by a rename, and nothing is renamed to a name that is taken', async () => {
  await using subject = await openEmpty()
  const { storage, server } = subject
  await storage.put('a/key', Buffer.from('bytes'), { kind: 'content' })
  expect(server.requests.filter((request) => request === 'RENAME')).toHaveLength(1)
  await expect(storage.put('a/key', Buffer.from('other'), { kind: 'content' })).rejects.toMatchObject({
    name: 'ObjectExistsError',
  })
  expect(server.requests.filter((request) => request === 'RENAME')).toHaveLength(1)
})

test('a wrong password is told as such, and appears nowhere', async () => {
  await using subject = await openEmpty()
  const password = 'a wrong password'
  const error: unknown = await openSftp({ ...subject.server.options, password }).catch(
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({
    name: 'AccessDeniedError',
    message: expect.stringContaining('does not let us in'),
  })
  expect(inspect(error, { depth: 10 })).not.toContain(password)
})

test('a file in the place of the folder is refused', async () => {
  await using subject = await openEmpty()
  await writeFile(join(subject.folder, 'file'), '')
  for (const path of ['/file', '/missing']) {
    await expect(openSftp({ ...subject.server.options, path })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/^there is no folder sftp:\/\/friend@/),
    })
  }
})

test('an upload in parts and one that is interrupted arrive, and are read back in short answers', async () => {
  await using subject = await openEmpty()
  const { storage } = subject
  const bytes = randomBytes(storage.capabilities.partSize + 4321)
  const options = { kind: 'content', size: bytes.length, pieceSize: storage.capabilities.partSize } as const
  const [first, second] = [bytes.subarray(0, options.pieceSize), bytes.subarray(options.pieceSize)]
  await storage.upload('a/parts', pieces(bytes, 300_000), { kind: 'content' })
  const upload = await storage.resumable?.begin('a/resumed', options)
  await upload?.append(first, {})
  const again = await (await subject.reopen()).resumable?.resume('a/resumed', upload?.token ?? '', options)
  expect(again?.held).toBe(options.pieceSize)
  for (const piece of [first, second]) await again?.append(piece, {})
  await again?.complete({})
  for (const key of ['a/parts', 'a/resumed']) {
    expect(bytes.equals(await collect(storage.read(key)))).toBe(true)
  }
  expect(await subject.leftovers()).toEqual([])
})

/* What a destination can't do is told by `check`, and stands in the destination's page: the same there as here. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { whatItCannot } from '../../src/storage/cannot.ts'
import { openDrive } from '../../src/storage/drive/drive.ts'
import { openGcs } from '../../src/storage/gcs/gcs.ts'
import { openLocal } from '../../src/storage/local/local.ts'
import { openRclone } from '../../src/storage/rclone/rclone.ts'
import { openS3 } from '../../src/storage/s3/s3.ts'
import { openSftp } from '../../src/storage/sftp/sftp.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { startPlainSftp } from '../servers/sftp/server.ts'
import { startTestRclone } from '../support/rclone.ts'
import { startSshServer } from '../support/sshServer.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

/** The row of a page's table that each is about, by how both begin. */
const rows: readonly [cannot: string, ability: RegExp][] = [
  ['refuse an object', /^never replaces an object/],
  ['promise that what it took', /^survives a power cut/],
  ['check what it receives', /altered bytes/],
  ['go on with a large upload', /^resumes inside an object/],
  ['tell what interrupted uploads', /^leftovers/],
]

/** What a page says in a column of its table of abilities, by ability. */
async function abilitiesIn(page: string, column: number): Promise<Map<string, string>> {
  const text = await readFile(new URL(`../../docs/destinations/${page}.md`, import.meta.url), 'utf8')
  const [, table = ''] = /## What it can do\n\n([\s\S]*?)\n\n/.exec(text) ?? []
  const cells = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
  return new Map(cells.map((row) => [row[1] ?? '', row[column + 1] ?? '']))
}

const place = { prefix: 'immich', bucket: 'photos' }
const key = JSON.stringify({ client_email: 'a@example.com', private_key: 'none' })

const pages: [string, number, () => Promise<{ storage: Storage } & AsyncDisposable>][] = [
  [
    'local',
    1,
    async () => {
      const folder = await temporaryFolder()
      return {
        storage: await openLocal(folder.path),
        [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
      }
    },
  ],
  ['s3', 1, async () => ofNothing(openS3({ type: 's3', ...place }))],
  ['gcs', 1, async () => ofNothing(openGcs({ type: 'gcs', ...place, credentials: key }))],
  [
    'drive',
    1,
    async () => ofNothing(openDrive({ type: 'drive', ...place, credentials: { serviceAccount: key } })),
  ],
  [
    'sftp',
    1,
    async () => {
      const server = await startSshServer()
      const { options } = await server.folder()
      return { storage: await openSftp(options), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
    },
  ],
  [
    'sftp',
    2,
    async () => {
      const folder = await temporaryFolder()
      const server = await startPlainSftp(folder.path)
      return {
        storage: await openSftp(server.options),
        async [Symbol.asyncDispose]() {
          await server[Symbol.asyncDispose]()
          await folder[Symbol.asyncDispose]()
        },
      }
    },
  ],
  [
    'rclone',
    1,
    async () => {
      const rclone = await startTestRclone()
      const storage = await openRclone(rclone.optionsFor('disk:vault'))
      return { storage, [Symbol.asyncDispose]: () => rclone[Symbol.asyncDispose]() }
    },
  ],
]

function ofNothing(storage: Storage): { storage: Storage } & AsyncDisposable {
  return { storage, async [Symbol.asyncDispose]() {} }
}

test.each(pages)('%s, column %i', async (page, column, open) => {
  await using opened = await open()
  const { storage } = opened
  const cannot = whatItCannot(storage)
  await storage.close()
  const abilities = await abilitiesIn(page, column)
  const told = rows.map(([begin, ability]) => {
    const [, says = ''] = [...abilities].find(([name]) => ability.test(name)) ?? []
    return [begin, /^(?:no\b|none\b|as the )/.test(says) ? 'no' : says === '' ? 'not told' : 'yes']
  })
  const expected = rows.map(([begin]) => [
    begin,
    cannot.some((each) => each.startsWith(begin)) ? 'no' : 'yes',
  ])
  expect(told).toEqual(expected)
})

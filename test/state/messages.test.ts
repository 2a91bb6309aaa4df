/* What a person is told of a state folder that can't be used, where no other test needs it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { databaseName, openExisting } from '../../src/state/database.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

test('a state database that is none is told by whoever only reads it, and left as it is', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, databaseName)
  await writeFile(file, 'not a database, but long enough to be looked at as one'.repeat(40))
  expect(() => openExisting(folder.path)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(`${file} can't be used: `),
      hint: expect.stringContaining('No backup depends on it.'),
      exitCode: 1,
    }),
  )
})

test('a state folder in which nothing can be opened is told', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, databaseName))
  expect(() => openExisting(folder.path)).toThrow(`the state folder ${folder.path} can't be used: `)
})

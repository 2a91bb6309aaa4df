import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkSpace } from '../../../src/runs/check/space.ts'
import { checkStateFolder } from '../../../src/runs/check/stateFolder.ts'
import { exec } from '../../support/exec.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'

test('a state folder need not be there yet: the one above it counts', async () => {
  await using folder = await temporaryFolder()
  expect(await Array.fromAsync(checkStateFolder(join(folder.path, 'a/b')))).toMatchObject([
    { what: 'state folder', detail: expect.stringMatching(/^[\d.]+ [GT]iB free in /) },
  ])
})

test('a state folder that can not be written is bad', async () => {
  await using folder = await tmpfs('size=2M,ro')
  await expect(Array.fromAsync(checkStateFolder(folder.path))).rejects.toMatchObject({
    message: `${folder.path} can't be written (its file system is read-only)`,
    hint: expect.stringContaining('Set `state`'),
  })
})

test('free space is good, weak or bad by what is needed', async () => {
  await using folder = await tmpfs('size=2M')
  const resultFor = async (least: number, comfortable: number) =>
    (await checkSpace(folder.path, { least, comfortable })).result
  expect(await resultFor(1e6, 2e6)).toBe('good')
  expect(await resultFor(1e6, 3e6)).toBe('weak')
  expect(await resultFor(3e6, 4e6)).toBe('bad')
})

async function tmpfs(options: string) {
  const folder = await temporaryFolder()
  await exec('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder.path])
  return {
    path: folder.path,
    async [Symbol.asyncDispose]() {
      await exec('umount', [folder.path])
      await folder[Symbol.asyncDispose]()
    },
  }
}

import { expect, test } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import type { Context } from '../../src/cli/context.ts'
import { tellBackup } from '../../src/cli/tellBackup.ts'
import { tellVerification } from '../../src/cli/tellVerification.ts'
import { exitCodes, UserError } from '../../src/shared/errors.ts'
import { folderWith } from '../config/folder.ts'

/** A context in which nobody can be told anything, because of a bug. */
async function brokenContext() {
  const folder = await folderWith({
    'safelight.yaml': `state: state
destinations: [{ name: disk, type: local, path: vault }]
notify:
  - { name: chat, type: slack, url: env:HOOK }
  - { name: check, type: healthchecks, url: env:HOOK }
  - { name: verified, type: healthchecks, url: env:HOOK, run: verify-restore }
`,
  })
  const config = folder.load()
  const url = {
    reveal: () => {
      throw new TypeError('a bug')
    },
  }
  const broken = { ...config, notify: config.notify.map((each) => ({ ...each, url })) } as unknown as Config
  const told: string[] = []
  const context = {
    loadConfig: () => broken,
    signal: new AbortController().signal,
    output: {
      warn: (text: string) => told.push(text),
      fail: (error: unknown) => told.push(String(error)),
    },
  } as unknown as Context
  return { context, told, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] }
}

const problem = ['nobody could be told how this run went', 'TypeError: a bug']

test('a bug in telling changes neither the end of a backup nor its error, and is told', async () => {
  await using here = await brokenContext()
  const failure = new UserError('the library is gone')
  const failing = tellBackup(here.context, undefined, async () => await Promise.reject(failure))
  await expect(failing).rejects.toBe(failure)
  expect(here.told).toEqual([...problem, ...problem])
  here.told.length = 0
  const code = await tellBackup(here.context, undefined, async () => await Promise.resolve(exitCodes.done))
  expect(code).toBe(exitCodes.done)
  expect(here.told).toEqual(problem)
})

test('nor that of a verification', async () => {
  await using here = await brokenContext()
  const failure = new UserError('a snapshot is hidden')
  const failing = tellVerification(here.context, undefined, async () => await Promise.reject(failure))
  await expect(failing).rejects.toBe(failure)
  expect(here.told).toEqual([...problem, ...problem])
})

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { identityFile } from '../../src/crypto/identity.ts'
import { recordName } from '../../src/vault/snapshots.ts'
import { exec } from '../support/exec.ts'
import { createSmallVault, type SmallVault } from '../runs/sampleVault.ts'
import { flip, keysIn, whileTampered } from '../runs/verify/tampering.ts'
import { workplace } from './safelight.ts'

let vault: SmallVault
let place: Awaited<ReturnType<typeof workplace>>

beforeAll(async () => {
  vault = await createSmallVault()
  place = await workplace()
  await writeFile(join(place.path, 'identity.txt'), identityFile(vault.identity, new Date()), { mode: 0o600 })
  await writeFile(
    join(place.path, 'safelight.yaml'),
    `state: ${join(place.path, 'state')}
identity: file:${join(place.path, 'identity.txt')}
vault: { id: '${vault.pin.id}', fingerprint: '${vault.pin.fingerprint}' }
destinations: [{ name: disk, type: local, path: ${vault.path} }]
`,
  )
})
afterAll(async () => {
  await place[Symbol.asyncDispose]()
  await vault[Symbol.asyncDispose]()
})

test('a good vault ends with 0, and says what was checked and what that proves', async () => {
  const head = recordName(vault.newest.record)
  const { exitCode, stdout, stderr } = await place.run(['verify-restore', '--expect-head', head])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toContain('verified, all good')
  expect(stdout).toContain('all 3 objects checked, none bad')
  expect(stdout).toMatch(/coverage +every object was read back since \d{4}-\d\d-\d\d/)
})

test('damage ends with 1, and names the object, the path and what to do', async () => {
  const [key = ''] = keysIn(vault, 'objects/')
  await whileTampered(vault, [key], flip(0.5), async () => {
    const { exitCode, stdout } = await place.run(['verify-restore', '--all'])
    expect(exitCode).toBe(1)
    expect(stdout).toContain('DAMAGED')
    expect(stdout).toContain(key)
    expect(stdout).toMatch(/ {2}library\/(?:photo|another)\.jpg \(snapshots .*, the newest\)/)
    expect(stdout).toContain('What to do:')
  })
})

test('a known snapshot that is not shown ends with 10', async () => {
  const { exitCode, stdout, stderr } = await place.run([
    'verify-restore',
    '--expect-head',
    '9-0123456789abcdef',
  ])
  expect({ exitCode, stdout }).toEqual({ exitCode: 10, stdout: '' })
  expect(stderr).toContain('which --expect-head remembers')
})

test.each([
  [['--sample', '0'], 'whole number'],
  [['--percent', '101'], 'at most 100'],
  [['--max-bytes', '3 apples'], 'number of bytes'],
  [['--expect-head', 'newest'], 'It has the form'],
  [['--level', 'deep'], 'Allowed choices'],
  [['--all', '--sample', '3'], 'cannot be used with'],
])('%s is refused with what is wrong about it', async (options, message) => {
  const { exitCode, stderr } = await place.run(['verify-restore', ...options])
  expect(exitCode).toBe(1)
  expect(stderr).toContain(message)
})

test('bin/verify-restore is an entry point of its own, and --json is one document', async () => {
  const program = join(import.meta.dirname, '../../bin/verify-restore')
  const config = join(place.path, 'safelight.yaml')
  const stdout = await exec(program, ['--percent', '50', '--json', '--config', config])
  expect(JSON.parse(stdout)).toMatchObject({
    destination: 'disk',
    outcome: 'good',
    exitCode: 0,
    objects: { total: 3, checked: 2, bad: 0 },
    findings: [],
  })
})

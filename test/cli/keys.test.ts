import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openProtectedIdentity, parseIdentity } from '../../src/crypto/identity.ts'
import { exec } from '../support/exec.ts'
import { workplace } from './safelight.ts'

test('keys generate writes a file that only its owner can read, and tells the public key', async () => {
  await using place = await workplace()
  const { exitCode, stdout, stderr } = await place.runProgram(['keys', 'generate', '--out', 'identity.txt'])
  const file = join(place.path, 'identity.txt')
  const { identity, recipient } = await parseIdentity(await readFile(file, 'utf8'), file)
  expect(exitCode).toBe(0)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(stderr).toBe(`Public key: ${recipient}\n`)
  expect(stdout).not.toContain(identity)
  expect((await exec('age-keygen', ['-y', file])).trim()).toBe(recipient)
})

test('without --out stdout is the identity file, and nothing else', async () => {
  await using place = await workplace()
  const { stdout, stderr } = await place.runProgram(['keys', 'generate', '--post-quantum'])
  const { recipient } = await parseIdentity(stdout, 'stdout')
  expect(recipient).toMatch(/^age1pq1/)
  expect(stderr).toBe(`Public key: ${recipient}\n`)
})

test('an existing file is never overwritten, and a missing folder is told', async () => {
  await using place = await workplace()
  await writeFile(join(place.path, 'identity.txt'), 'the only copy')
  const taken = await place.runProgram(['keys', 'generate', '--out', 'identity.txt'])
  expect(taken).toMatchObject({ exitCode: 1, stdout: '' })
  expect(taken.stderr).toContain('exists already, and is never overwritten')
  expect(await readFile(join(place.path, 'identity.txt'), 'utf8')).toBe('the only copy')
  const nowhere = await place.runProgram(['keys', 'generate', '--out', 'no/such/folder'])
  expect(nowhere.exitCode).toBe(1)
  expect(nowhere.stderr).toContain(`there is no folder ${join(place.path, 'no/such')}`)
})

test('a passphrase from stdin protects the file', async () => {
  await using place = await workplace()
  const args = ['keys', 'generate', '--passphrase', '--out', 'identity.age', '--json']
  const { stdout, stderr } = await place.runProgram(args, { stdin: 'correct horse\nnot this\n' })
  const file = await readFile(join(place.path, 'identity.age'))
  const { recipient } = await openProtectedIdentity(file, 'correct horse', 'it')
  expect(JSON.parse(stdout)).toEqual({ recipient, file: join(place.path, 'identity.age') })
  expect(stdout + stderr).not.toContain('correct horse')
})

test('without a passphrase on stdin no file is made', async () => {
  await using place = await workplace()
  const { exitCode, stderr } = await place.runProgram([
    'keys',
    'generate',
    '--passphrase',
    '--out',
    'identity.age',
  ])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('no answer was given')
  await expect(stat(join(place.path, 'identity.age'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('at a terminal the passphrase is asked twice and does not show', async () => {
  await using place = await workplace()
  const shown = await place.atTerminal('safelight keys generate --passphrase --out identity.age', [
    ['Passphrase for the new identity: ', 'correct horse\r'],
    ['The same again: ', 'correct horse\r'],
  ])
  expect(shown).toContain('Public key: age1')
  expect(shown).not.toContain('correct')
  const file = await readFile(join(place.path, 'identity.age'))
  await expect(openProtectedIdentity(file, 'correct horse', 'it')).resolves.toBeDefined()
})

test('two passphrases that differ make no identity', async () => {
  await using place = await workplace()
  const shown = await place.atTerminal('safelight keys generate --passphrase; echo "exit code $?"', [
    ['Passphrase for the new identity: ', 'correct horse\r'],
    ['The same again: ', 'battery staple\r'],
  ])
  expect(shown).toContain('the two passphrases differ')
  expect(shown).toContain('exit code 1')
  expect(shown).not.toContain('age1')
})

test('Ctrl-C at the question ends the command with exit code 130', async () => {
  await using place = await workplace()
  const shown = await place.atTerminal('safelight keys generate --passphrase; echo "exit code $?"', [
    ['Passphrase for the new identity: ', '\u0003'],
  ])
  expect(shown).toContain('interrupted')
  expect(shown).toContain('exit code 130')
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends a command tidily with exit code 130', async (signal) => {
  await using place = await workplace()
  const command = `sh -c 'echo "process $$;"; exec "$SAFELIGHT" keys generate --passphrase'; echo "exit code $?"`
  const shown = await place.atTerminal(command, [
    ['Passphrase', (text) => process.kill(Number(/process (\d+);/.exec(text)?.[1]), signal)],
  ])
  expect(shown).toContain('interrupted')
  expect(shown).toContain('exit code 130')
})

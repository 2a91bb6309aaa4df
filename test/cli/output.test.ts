import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { Output } from '../../src/cli/output/output.ts'
import { exitCodes, UserError } from '../../src/shared/errors.ts'

function collector() {
  const chunks: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk))
      done()
    },
  })
  return { stream, shown: () => chunks.join('') }
}

function captured() {
  const [out, err] = [collector(), collector()]
  const output = new Output({ stdout: out.stream, stderr: err.stream })
  return { output, stdout: out.shown, stderr: err.shown, out: out.stream }
}

test("a user's error has its message, its hint and its exit code, and no stack", () => {
  const { output, stdout, stderr } = captured()
  const error = new UserError('no vault here', { hint: 'Run init.', exitCode: exitCodes.noVault })
  expect(output.fail(error)).toBe(exitCodes.noVault)
  expect(stderr()).toBe('error: no vault here\nRun init.\n')
  expect(stdout()).toBe('')
})

test('a bug has its stack and that of its cause, and nothing that a library hung on the error', () => {
  const { output, stderr } = captured()
  const cause = Object.assign(new RangeError('inner'), { password: 'hunter2' })
  expect(output.fail(new Error('outer', { cause }))).toBe(exitCodes.failed)
  const shown = stderr()
  expect(shown).toMatch(/^error: this is a bug in Safelight/)
  expect(shown).toMatch(/Error: outer\n +at .*output\.test\.ts/)
  expect(shown).toMatch(/caused by RangeError: inner\n +at /)
  expect(shown).not.toContain('hunter2')
})

test('a result is a text for people, and one JSON document with --json', () => {
  const { output, stdout } = captured()
  output.result({ files: 3 }, () => 'three files')
  expect(stdout()).toBe('three files\n')
  output.json = true
  output.result({ files: 3 }, () => 'three files')
  expect(JSON.parse(stdout().replace('three files\n', ''))).toEqual({ files: 3 })
})

test('a reader that went away is not written to again, and the other stream goes on', () => {
  const { output, stdout, stderr, out } = captured()
  out.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  output.line('nobody reads this')
  output.note('somebody reads this')
  expect(stdout()).toBe('')
  expect(stderr()).toBe('somebody reads this\n')
})

test('any other failure of a stream is not hidden', () => {
  const { out } = captured()
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
  expect(() => out.emit('error', full)).toThrow('no space')
})

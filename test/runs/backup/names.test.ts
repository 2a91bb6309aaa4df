import { execFileSync } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fsPath, pathFromBytes } from '../../../src/shared/bytePath.ts'
import { awkwardNames, nameThatIsNoText } from '../../sample/names.ts'
import { Fixture } from './fixture.ts'

test('files of every name come back, under exactly their names', async () => {
  await using fixture = await Fixture.create()
  const names = [
    ...awkwardNames,
    nameThatIsNoText,
    `${'n'.repeat(251)}.jpg`,
    `${'é'.repeat(127)}x`,
    pathFromBytes(Buffer.alloc(255, 0xff)),
    pathFromBytes(Buffer.from([0xef, 0xbf, 0xbd, 0xff])),
    '\ufffd',
    '\ufeff',
    '...',
    ' ',
    '\n',
  ]
  for (const name of names) {
    await fixture.write(`library/${name}`, `file ${name}`)
    await fixture.write(`upload/${name}/${name}`, `in a folder ${name}`)
  }
  await fixture.backupWell()
  const found = await fixture.names()
  for (const name of names) {
    expect(found).toContain(`library/${name}`)
    expect(found).toContain(`upload/${name}/${name}`)
  }
  await fixture.expectRestoresTheSame()
  const record = await fixture.backupWell()
  expect(record.changes).toMatchObject({ added: 0, changed: 0, archived: 0 })
})

test('files of any bytes in their names come back, and are recognised', async () => {
  const part = fc
    .uint8Array({ minLength: 1, maxLength: 20 })
    .map((bytes) => pathFromBytes(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x80 : byte))))
    .filter((name) => name !== '.' && name !== '..')
  const tree = fc.uniqueArray(fc.tuple(part, part, part), {
    minLength: 5,
    maxLength: 12,
    selector: ([first]) => first,
  })
  await fc.assert(
    fc.asyncProperty(tree, async (paths) => {
      await using fixture = await Fixture.create()
      for (const path of paths) await fixture.write(`library/${path.join('/')}`, path.join(' '))
      await fixture.backupWell()
      await fixture.expectRestoresTheSame()
      const again = await fixture.backupWell()
      expect(again.changes).toMatchObject({ added: 0, changed: 0, archived: 0 })
    }),
    { numRuns: 8 },
  )
})

test('a path of the greatest length that Linux can open is backed up', async () => {
  await using fixture = await Fixture.create()
  let path = 'library'
  while (fixture.path(`${path}/${'d'.repeat(100)}/file`).length < 4090) path += `/${'d'.repeat(100)}`
  await fixture.write(`${path}/file`, 'deep')
  await fixture.backupWell()
  expect(await fixture.names()).toContain(`${path}/file`)
})

test('symbolic links are kept as links, whatever they point to', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/secret/file', 'outside')
  await mkdir(fixture.path('library/links'))
  const targets = ['../.immich', '/nowhere at all', fixture.path('upload/secret'), '.', 'caf\udce9', '🏔️\n']
  for (const [i, target] of targets.entries())
    await symlink(fsPath(target), fixture.path(`library/links/${i}`))
  await fixture.backupWell()
  const paths = await fixture.paths()
  for (const [i, target] of targets.entries())
    expect(paths.get(`library/links/${i}`)).toEqual({ type: 'symlink', size: null, target })
  expect([...paths.keys()]).not.toContain('library/links/2/file')
  await fixture.expectRestoresTheSame()
})

test('a link that points elsewhere, or became a file, is noticed', async () => {
  await using fixture = await Fixture.create()
  await symlink('a', fixture.path('library/one'))
  await symlink('a', fixture.path('library/two'))
  await fixture.backupWell()
  await fixture.remove('library/one')
  await symlink('b', fixture.path('library/one'))
  await fixture.remove('library/two')
  await fixture.write('library/two', 'a file')
  await fixture.backupWell()
  const paths = await fixture.paths()
  expect(paths.get('library/one')?.target).toBe('b')
  expect(paths.get('library/two')).toEqual({ type: 'file', size: 6, target: null })
  expect((await fixture.paths('1')).get('library/one')?.target).toBe('a')
})

test('sockets, pipes and devices are passed over and told', async () => {
  await using fixture = await Fixture.create()
  execFileSync('mkfifo', [fixture.path('library/pipe')])
  execFileSync('mknod', [fixture.path('library/null'), 'c', '1', '3'])
  const listen = 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])'
  execFileSync('python3', ['-c', listen, fixture.path('upload/socket')])
  const result = await fixture.backup()
  expect(result.exitCode).toBe(0)
  expect(result.warnings).toEqual(['3 files skipped: sockets, devices, pipes or other file systems'])
  expect(result.tally.examples).toEqual(
    expect.arrayContaining([
      { kind: 'skipped', path: 'library/pipe', reason: 'pipe' },
      { kind: 'skipped', path: 'library/null', reason: 'device' },
      { kind: 'skipped', path: 'upload/socket', reason: 'socket' },
    ]),
  )
  expect(await fixture.names()).toEqual(['library/.immich', 'upload/.immich'])
})

test('a file in whose place a pipe is now is gone from the snapshot', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('library/file', 'once')
  await fixture.backupWell()
  await fixture.remove('library/file')
  execFileSync('mkfifo', [fixture.path('library/file')])
  await fixture.backup()
  expect(await fixture.names()).toEqual(['library/.immich', 'upload/.immich'])
})

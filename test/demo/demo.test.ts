import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { displayWidth } from '../../src/cli/output/width.ts'
import { errorMessage } from '../../src/shared/errors.ts'
import { createSampleLibrary } from '../sample/library.ts'
import { startPostgres } from '../support/postgres.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { compareTrees, describeTree } from '../support/tree.ts'
import { compareDatabases, describeDatabase } from './databases.ts'
import { compareRestored, Watch } from './folders.ts'
import { parseOptions } from './options.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))

async function runDemo(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env['PATH'], ...env } })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { exitCode: child.exitCode, stdout, stderr }
}

function refusal(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return errorMessage(error)
  }
  throw new Error('it was not refused')
}

describe("the demo with one's own Immich", () => {
  test('brings it back, and leaves library and database as they were', async () => {
    await using folder = await temporaryFolder()
    await using postgres = await startPostgres()
    const url = await postgres.createDatabase('immich')
    const { root } = await createSampleLibrary({
      root: join(folder.path, 'immich'),
      database: url,
      scale: 50,
    })
    const temporary = join(folder.path, 'tmp')
    await mkdir(temporary)
    // Postgres runs under an account of its own where root runs this.
    await chmod(folder.path, 0o711)
    const { signal } = new AbortController()
    const [tree, database] = [await describeTree(root), await describeDatabase(url, signal)]

    const args = ['--library', root, '--database', 'env:MY_DATABASE']
    const { exitCode, stdout, stderr } = await runDemo(args, { TMPDIR: temporary, MY_DATABASE: url })

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(compareTrees(tree, await describeTree(root))).toEqual([])
    expect(compareDatabases(database, await describeDatabase(url, signal))).toEqual([])
    expect(stdout).toContain('second backup        stored no content')
    expect(stdout).toMatch(/✓ restored files .*\n {2}✓ restored database/)
    expect(stdout).not.toContain(postgres.password)
    const [made = ''] = await readdir(temporary)
    const lines = stdout.replaceAll(join(temporary, made), '/tmp/safelight-demo-123456').split('\n')
    expect(lines.filter((line) => displayWidth(line) > 80)).toEqual([])
  }, 180_000)

  test.each([
    [['--library', '/srv/immich'], '--database is missing'],
    [['--database', 'postgres://me:secret@db/immich'], '--library is missing'],
    [['--library', '/', '--database', 'mysql://me:secret@db'], 'neither a URL'],
    [['--library', '/', '--database', 'env:NOT_SET'], 'NOT_SET'],
    [['--libary', '/'], '--libary'],
  ])('refuses %j', (args, reason) => {
    const message = refusal(() => parseOptions(args, {}))
    expect(message).toContain(reason)
    expect(message).not.toContain('secret')
  })

  test('refuses to put its folder into the library', async () => {
    await using folder = await temporaryFolder()
    const args = ['--library', folder.path, '--database', 'postgres://me:secret@localhost/immich']
    const { exitCode, stderr } = await runDemo(args, { TMPDIR: folder.path })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('would lie in the library')
    expect(await readdir(folder.path)).toEqual([])
  })
})

describe('what the demo compares', () => {
  test('a restored file with one other byte is told', async () => {
    await using folder = await temporaryFolder()
    for (const [name, content] of [
      ['original', 'photo'],
      ['restored', 'phobo'],
    ] as const) {
      await mkdir(join(folder.path, name))
      await writeFile(join(folder.path, name, 'a.jpg'), content)
    }
    const original = await describeTree(join(folder.path, 'original'))
    const restored = await describeTree(join(folder.path, 'restored'))
    expect(compareRestored(original, restored, 0).join('\n')).toContain('a.jpg: sha256 was')
    expect(compareRestored(original, restored.slice(0, 1), 0).join('\n')).toContain('a.jpg: missing')
  })

  test('a database with one other value is told, and one with another index', async () => {
    await using postgres = await startPostgres()
    const { signal } = new AbortController()
    const describeAfter = async (name: string, sql: string) => {
      const url = await postgres.createDatabase(name)
      const client = new Client(url)
      await client.connect()
      await client.query(
        `CREATE TABLE album (name text NOT NULL); INSERT INTO album VALUES ('a'), ('b'); ${sql}`,
      )
      await client.end()
      return await describeDatabase(url, signal)
    }
    const original = await describeAfter('original', '')
    const same = await describeAfter('same', `DELETE FROM album; INSERT INTO album VALUES ('b'), ('a')`)
    const edited = await describeAfter('edited', `UPDATE album SET name = 'c' WHERE name = 'b'`)
    const indexed = await describeAfter('indexed', 'CREATE INDEX ON album (name)')
    expect(compareDatabases(original, same)).toEqual([])
    expect(compareDatabases(original, edited)).toEqual(['public.album: 2 rows, with another content'])
    expect(compareDatabases(original, indexed)).toEqual([expect.stringContaining('new: CREATE INDEX')])
  })

  test('a write into a watched folder is told, though the content is the old one again', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'a.jpg')
    await writeFile(file, 'photo')
    const watch = new Watch(folder.path)
    await watch.start()
    await watch.look('safelight status')
    expect(watch.differences).toEqual([])
    await writeFile(file, 'photo')
    await watch.look('safelight backup')
    expect(watch.differences.join('\n')).toContain('safelight backup: a.jpg: ctime was')
  })
})

/* The one rclone that a run starts: how it begins, what others see of it, and that it never outlives the run. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, appendFile, chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openStorage, prepareStorage } from '../../src/storage/open.ts'
import type { RcloneOptions } from '../../src/storage/options.ts'
import { RcloneApi } from '../../src/storage/rclone/api.ts'
import { exec } from '../support/exec.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { collect, keysOf } from './streams.ts'

const kind = 'content' as const
const soon = { timeout: 20_000 }

afterEach(() => void vi.unstubAllEnvs())

/** A folder with a configuration whose remote `disk:` leads to the folder `disk` in it. */
async function configured() {
  const folder = await temporaryFolder()
  const config = join(folder.path, 'rclone.conf')
  await writeFile(config, `[disk]\ntype = alias\nremote = ${folder.path}/disk\n`)
  const options: RcloneOptions = { type: 'rclone', remote: 'disk:vault', config }
  return { path: folder.path, options, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

async function started(options: RcloneOptions) {
  const prepared = await prepareStorage(options)
  if (prepared.options.type !== 'rclone' || !prepared.options.daemon) throw new Error('no rclone was started')
  const { daemon } = prepared.options
  const api = new RcloneApi(daemon, 10_000)
  const { pid } = await api.call<{ pid: number }>('core/pid', {})
  api.close()
  return {
    options: prepared.options,
    daemon,
    pid,
    [Symbol.asyncDispose]: () => prepared[Symbol.asyncDispose](),
  }
}

async function isRunning(pid: number): Promise<boolean> {
  try {
    // What has ended and was not yet waited for has no command line.
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')) !== ''
  } catch {
    return false
  }
}

async function untilGone(pid: number): Promise<void> {
  await vi.waitFor(async () => expect(await isRunning(pid)).toBe(false), soon)
}

/** Puts a program of the name `rclone` before all others. */
async function insteadOfRclone(folder: string, script: string): Promise<void> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'rclone'), `#!/bin/sh\n${script}\n`)
  await chmod(join(bin, 'rclone'), 0o755)
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`)
}

describe('a start', () => {
  test('gives options that every thread can open the same remote with', async () => {
    await using place = await configured()
    await using rclone = await started({ ...place.options, configPassword: undefined })
    const first = await openStorage(structuredClone(rclone.options))
    const second = await openStorage(structuredClone(rclone.options))
    await first.put('a/key', Buffer.from('bytes'), { kind })
    expect(String(await collect(second.read('a/key')))).toBe('bytes')
    expect(String(await readFile(join(place.path, 'disk/vault/a/key')))).toBe('bytes')
    expect(first.location).toBe('disk:vault')
    await first.close()
    await second.close()
  })

  test('without rclone says what to install', async () => {
    await using place = await configured()
    await insteadOfRclone(place.path, '')
    await exec('rm', [join(place.path, 'bin/rclone')])
    for (const name of ['sh', 'env', 'sed']) {
      const found = (await exec('/bin/sh', ['-c', `command -v ${name}`])).trim()
      await exec('/bin/ln', ['-s', found, join(place.path, 'bin', name)])
    }
    vi.stubEnv('PATH', join(place.path, 'bin'))
    await expect(prepareStorage(place.options)).rejects.toMatchObject({
      name: 'UserError',
      message: 'rclone is not installed',
      hint: expect.stringContaining('1.60'),
    })
  })

  test('of an old version is refused', async () => {
    await using place = await configured()
    const server = `
      require('http').createServer((_, answer) => answer.end('{"version":"v1.57.2","decomposed":[1,57,2]}'))
        .listen(0, '127.0.0.1', function () {
          console.error('NOTICE: Serving remote control on http://127.0.0.1:' + this.address().port + '/')
        })`
    await writeFile(join(place.path, 'old.cjs'), server)
    await insteadOfRclone(place.path, `exec ${process.execPath} ${place.path}/old.cjs`)
    await expect(prepareStorage(place.options)).rejects.toMatchObject({
      name: 'UserError',
      message: 'rclone v1.57.2 is too old',
      hint: 'Install rclone 1.60 or later.',
    })
  })

  test('that fails tells what rclone said', async () => {
    await using place = await configured()
    await insteadOfRclone(place.path, 'echo "CRITICAL: no room on this ship" >&2; exit 3')
    await expect(prepareStorage(place.options)).rejects.toMatchObject({
      name: 'UserError',
      message: 'rclone did not start; it said last: CRITICAL: no room on this ship',
    })
  })

  test('takes no heed of settings that would open its door', async () => {
    await using place = await configured()
    vi.stubEnv('RCLONE_RC_NO_AUTH', 'true')
    vi.stubEnv('RCLONE_RC_ADDR', '0.0.0.0:0')
    vi.stubEnv('RCLONE_LOG_FILE', join(place.path, 'elsewhere.log'))
    await using rclone = await started(place.options)
    const answer = await fetch(`http://127.0.0.1:${rclone.daemon.port}/config/dump`, { method: 'POST' })
    expect(answer.status).toBe(401)
    const listeners = await exec('/bin/sh', [
      '-c',
      `cat /proc/${rclone.pid}/net/tcp6 /proc/${rclone.pid}/net/tcp`,
    ])
    const port = rclone.daemon.port.toString(16).toUpperCase().padStart(4, '0')
    expect(listeners).toContain(`0100007F:${port}`)
    expect(listeners).not.toContain(`00000000:${port}`)
  })
})

describe('an encrypted configuration', () => {
  const password = 'correct horse "battery" $staple'

  test('is opened with its password, which no process list shows', async () => {
    await using place = await configured()
    await encrypt(place.options.config ?? '', password)
    await using rclone = await started({ ...place.options, configPassword: password })
    const storage = await openStorage(rclone.options)
    await storage.put('key', Buffer.from('bytes'), { kind })
    await storage.close()
    expect(rclone.options.configPassword).toBeUndefined()
    const everybody = await exec('ps', ['axww', '-o', 'args'])
    expect(everybody).toContain('rclone rcd')
    expect(everybody).not.toContain(password)
    expect(everybody).not.toContain(rclone.daemon.password)
  })

  test.each([undefined, 'a wrong one'])('is not opened with the password %s', async (configPassword) => {
    await using place = await configured()
    await encrypt(place.options.config ?? '', password)
    const opening = async () => {
      await using rclone = await started({ ...place.options, configPassword })
      await openStorage(rclone.options)
    }
    const error: unknown = await opening().catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/^rclone did not start; .*password/),
    })
    expect(inspect(error, { depth: 10 })).not.toContain('a wrong one')
  })
})

/** Sets a configuration's password as a person does: rclone takes each answer only after its question. */
async function encrypt(config: string, password: string): Promise<void> {
  const child = spawn('rclone', ['config', '--config', config], { stdio: ['pipe', 'pipe', 'pipe'] })
  const answers = ['s', 'a', password, password, 'q', 'q']
  let asked = ''
  const answer = (text: string) => {
    asked += text
    if (!/(?:> |password:)\s*$/.test(asked)) return
    asked = ''
    child.stdin.write(`${answers.shift() ?? 'q'}\n`)
  }
  child.stdout.setEncoding('utf8').on('data', answer)
  child.stderr.setEncoding('utf8').on('data', answer)
  await once(child, 'exit')
  expect(await readFile(config, 'utf8')).toContain('RCLONE_ENCRYPT_V0')
}

describe('rclone ends', () => {
  test('when the run does, and leaves nothing behind', async () => {
    await using place = await configured()
    const rclone = await started(place.options)
    const folder = dirname(rclone.daemon.log)
    expect(await readdir(folder)).toEqual(['log'])
    await rclone[Symbol.asyncDispose]()
    await untilGone(rclone.pid)
    await expect(access(folder)).rejects.toThrow('ENOENT')
  })

  test('when the run is killed, and leaves nothing behind', async () => {
    await using place = await configured()
    const script = `
      import { prepareStorage } from '${join(import.meta.dirname, '../../src/storage/open.ts')}'
      const { options } = await prepareStorage(${JSON.stringify(place.options)})
      process.stdout.write(JSON.stringify(options.daemon))
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    const daemon = JSON.parse(String(said)) as NonNullable<RcloneOptions['daemon']>
    const api = new RcloneApi(daemon, 10_000)
    const { pid } = await api.call<{ pid: number }>('core/pid', {})
    api.close()
    expect(await isRunning(pid)).toBe(true)
    child.kill('SIGKILL')
    await untilGone(pid)
    await vi.waitFor(async () => expect(await gone(dirname(daemon.log))).toBe(true), soon)
  })

  test('also when it does not heed that it should', async () => {
    await using place = await configured()
    const deaf = `
      process.on('SIGTERM', () => {})
      require('http').createServer((_, answer) => answer.end('{"version":"v1.60.1","decomposed":[1,60,1]}'))
        .listen(0, '127.0.0.1', function () {
          console.error('NOTICE: Serving remote control on http://127.0.0.1:' + this.address().port + '/')
          require('fs').writeFileSync('${place.path}/pid', String(process.pid))
        })`
    await writeFile(join(place.path, 'deaf.cjs'), deaf)
    await insteadOfRclone(place.path, `exec ${process.execPath} ${place.path}/deaf.cjs`)
    const prepared = await prepareStorage(place.options)
    const pid = await vi.waitFor(async () => {
      const written = await readFile(join(place.path, 'pid'), 'utf8')
      expect(written).toMatch(/^\d/)
      return Number(written)
    }, soon)
    await prepared[Symbol.asyncDispose]()
    await untilGone(pid)
  })

  test('too early, and every call says so, with its last words and no secret', async () => {
    await using place = await configured()
    await using rclone = await started(place.options)
    const storage = await openStorage(rclone.options)
    await appendFile(rclone.daemon.log, `panic: ${rclone.daemon.password} out of memory\n`)
    process.kill(rclone.pid, 'SIGKILL')
    await untilGone(rclone.pid)
    const expected = {
      name: 'StorageError',
      transient: false,
      message: expect.stringMatching(
        /^rclone has ended before its work was done; .* panic: \*{3} out of memory/,
      ),
    }
    await expect(storage.put('key', Buffer.alloc(9), { kind })).rejects.toMatchObject(expected)
    await expect(storage.stat('key')).rejects.toMatchObject(expected)
    await expect(collect(storage.read('key'))).rejects.toMatchObject(expected)
    await expect(keysOf(storage.list(''))).rejects.toMatchObject(expected)
    await storage.close()
  })
})

async function gone(path: string): Promise<boolean> {
  return await access(path).then(
    () => false,
    () => true,
  )
}

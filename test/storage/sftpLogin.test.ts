import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { SftpOptions } from '../../src/storage/options.ts'
import { fetchHostKey } from '../../src/storage/sftp/connect.ts'
import { hostKeyOf, parseHostKeyPin } from '../../src/storage/sftp/hostKey.ts'
import { openSftp } from '../../src/storage/sftp/sftp.ts'
import { exec } from '../support/exec.ts'
import { startSshServer } from '../support/sshServer.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

const server = await startSshServer()
afterAll(() => server[Symbol.asyncDispose]())
const { options } = await server.folder()

/** The fingerprint as OpenSSH tells it. */
async function fingerprintOf(publicKey: string): Promise<string> {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'key.pub')
  await writeFile(path, publicKey)
  return (await exec('ssh-keygen', ['-lf', path])).split(' ')[1] ?? ''
}

async function logIn(changes: Partial<SftpOptions>): Promise<void> {
  await (await openSftp({ ...options, ...changes })).close()
}

async function failureOf(changes: Partial<SftpOptions>): Promise<unknown> {
  return await logIn(changes).then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('the host key', async () => {
  const ed25519 = await fingerprintOf(server.hostKeys.ed25519)
  const ecdsa = await fingerprintOf(server.hostKeys.ecdsa)
  const other = 'SHA256:0000000000000000000000000000000000000000000'

  test('is shown and refused where none is pinned', async () => {
    expect(await failureOf({ hostKeys: [] })).toMatchObject({
      name: 'UserError',
      message: `127.0.0.1:${options.port} shows the host key ssh-ed25519 ${ed25519}, and no host key is pinned`,
      hint: expect.stringContaining('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub'),
    })
  })

  test('is refused when it is not the one that is pinned', async () => {
    expect(await failureOf({ hostKeys: [other] })).toMatchObject({
      name: 'UserError',
      message: `127.0.0.1:${options.port} shows the host key ssh-ed25519 ${ed25519}, but ${other} is pinned`,
      hint: expect.stringContaining('Nothing was sent'),
    })
  })

  test.each([
    ['its fingerprint', () => [ed25519]],
    ['itself', () => [server.hostKeys.ed25519]],
    ['itself, with a comment', () => [`${server.hostKeys.ed25519} root@server`]],
    ['itself, as ssh-keyscan tells it', () => [`[127.0.0.1]:${options.port} ${server.hostKeys.ed25519}`]],
    ['one of several', () => [other, ed25519]],
    ['another one of the same server, in full', () => [server.hostKeys.ecdsa]],
  ])('is pinned by %s', async (_, hostKeys) => {
    await expect(logIn({ hostKeys: hostKeys() })).resolves.toBeUndefined()
  })

  test('of another type than the server prefers has to be pinned in full', async () => {
    expect(await failureOf({ hostKeys: [ecdsa] })).toMatchObject({
      message: expect.stringMatching(/ssh-ed25519 SHA256:.* is pinned$/),
    })
  })

  test('is fetched for whoever sets it up, without logging in', async () => {
    const seen = await fetchHostKey(options, { idleMs: 10_000 })
    expect(seen).toEqual({ type: 'ssh-ed25519', fingerprint: ed25519 })
  })

  test('that a pin is no such thing is told', async () => {
    expect(await failureOf({ hostKeys: ['SHA256:short'] })).toMatchObject({
      name: 'UserError',
      message: 'not a host key or the fingerprint of one: SHA256:short',
    })
  })
})

describe('logging in', () => {
  test('with a key that has a passphrase', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'key')
    await writeFile(path, options.privateKey ?? '', { mode: 0o600 })
    await exec('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'correct horse', '-f', path])
    const privateKey = await readFile(path, 'utf8')
    await logIn({ privateKey, passphrase: 'correct horse' })
    for (const passphrase of [undefined, 'wrong horse']) {
      const error = await failureOf({ privateKey, passphrase })
      expect(error).toMatchObject({ name: 'UserError', message: expect.stringContaining('private key') })
      expect(inspect(error, { depth: 10 })).not.toContain('wrong horse')
    }
  })

  test('with an agent', async () => {
    await using folder = await temporaryFolder()
    const [key, agent] = [join(folder.path, 'key'), join(folder.path, 'socket')]
    await writeFile(key, options.privateKey ?? '', { mode: 0o600 })
    const daemon = spawn('ssh-agent', ['-D', '-a', agent], { stdio: 'ignore' })
    try {
      while (
        await access(agent).then(
          () => false,
          () => true,
        )
      )
        await delay(20)
      expect(await failureOf({ privateKey: undefined, agent })).toMatchObject({ name: 'AccessDeniedError' })
      await exec('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: agent } })
      await logIn({ privateKey: undefined, agent })
    } finally {
      const exited = once(daemon, 'exit')
      daemon.kill()
      await exited
    }
  })

  test('with a key that the server does not know is refused, and tells no secret', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'key')
    await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path])
    const privateKey = await readFile(path, 'utf8')
    const error = await failureOf({ privateKey })
    expect(error).toMatchObject({
      name: 'AccessDeniedError',
      message: `127.0.0.1:${options.port} does not let us in: All configured authentication methods failed`,
    })
    expect(inspect(error, { depth: 10 })).not.toContain(privateKey.split('\n')[1])
  })

  test('with something that is no key at all is told as such', async () => {
    expect(await failureOf({ privateKey: 'ssh-ed25519 AAAA public' })).toMatchObject({
      name: 'UserError',
      hint: expect.stringContaining('not the .pub'),
    })
  })
})

describe('a pin', () => {
  const blob = fc
    .tuple(
      fc.constantFrom('ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256'),
      fc.uint8Array({ minLength: 1, maxLength: 99 }),
    )
    .map(([type, rest]) => ({
      type,
      bytes: Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(type), rest]),
    }))

  test('of a whole key is that of its fingerprint', () => {
    fc.assert(
      fc.property(blob, ({ type, bytes }) => {
        const { fingerprint } = hostKeyOf(bytes)
        const line = `${type} ${bytes.toString('base64')}`
        expect(parseHostKeyPin(line)).toEqual({ type, fingerprint })
        expect(parseHostKeyPin(`host.example,192.0.2.1 ${line} comment\n`)).toEqual({ type, fingerprint })
        expect(parseHostKeyPin(fingerprint)).toEqual({ type: undefined, fingerprint })
      }),
    )
  })

  test('whose key is of another type than it says is none', () => {
    fc.assert(
      fc.property(blob, ({ bytes }) => {
        expect(parseHostKeyPin(`ssh-other ${bytes.toString('base64')}`)).toBeUndefined()
      }),
    )
  })

  test('is never made of anything else', () => {
    fc.assert(fc.property(fc.string(), (text) => parseHostKeyPin(text) === undefined))
    for (const text of [
      'MD5:aa:bb',
      'SHA256:',
      'ssh-ed25519',
      'ssh-ed25519 AAAA',
      'SHA256:' + 'a'.repeat(44),
    ]) {
      expect(parseHostKeyPin(text)).toBeUndefined()
    }
  })
})

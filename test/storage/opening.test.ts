/* A server that takes the connection and says nothing: whoever wants to stop does not wait for it. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { openStorage, prepareStorage } from '../../src/storage/open.ts'
import type { StorageOptions } from '../../src/storage/options.ts'
import { exec } from '../support/exec.ts'
import { startTestRclone } from '../support/rclone.ts'

interface SilentServer extends AsyncDisposable {
  port: number
  /** Resolves when somebody has come. */
  visited: Promise<unknown>
}

async function silentServer(): Promise<SilentServer> {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    visited: once(server, 'connection'),
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Opens it, and wants to stop as soon as the server was asked. @returns milliseconds from then to its end. */
async function msToStop(options: StorageOptions, { visited }: SilentServer): Promise<number> {
  const stop = new AbortController()
  const ended = Promise.allSettled([openStorage(options, { signal: stop.signal })])
  await visited
  const began = performance.now()
  stop.abort(new Error('enough'))
  expect(await ended).toMatchObject([{ reason: new Error('enough') }])
  return performance.now() - began
}

test('opening a place by SFTP stops when it is wanted', async () => {
  await using server = await silentServer()
  const place = { user: 'nobody', path: '/', hostKeys: [], connections: 2 }
  const options = { type: 'sftp', host: '127.0.0.1', port: server.port, ...place } as const
  expect(await msToStop(options, server)).toBeLessThan(2000)
})

test('opening a remote of rclone stops when it is wanted', async () => {
  await using server = await silentServer()
  const pass = await exec('rclone', ['obscure', 'a password'])
  const section = ['[silent]', 'type = sftp', 'host = 127.0.0.1', `port = ${server.port}`, 'user = nobody']
  await using rclone = await startTestRclone(`${section.join('\n')}\npass = ${pass.trim()}\n`)
  expect(await msToStop(rclone.optionsFor('silent:vault'), server)).toBeLessThan(2000)
})

test('rclone is not started for somebody who wants to stop', async () => {
  const preparing = prepareStorage(
    { type: 'rclone', remote: 'disk:' },
    { signal: AbortSignal.abort(new Error('enough')) },
  )
  await expect(preparing).rejects.toThrow('enough')
})

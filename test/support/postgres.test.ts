import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { startPostgres } from './postgres.ts'

async function firstValue(client: Client, sql: string): Promise<unknown> {
  await client.connect()
  try {
    const { rows } = await client.query<[unknown]>({ text: sql, rowMode: 'array' })
    return rows[0]?.[0]
  } finally {
    await client.end()
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const connected = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return connected
}

test('two clusters run side by side, and each is gone after its use', async () => {
  let ports: number[]
  {
    await using one = await startPostgres()
    await using other = await startPostgres()
    ports = [one.port, other.port]
    const url = await one.createDatabase('it’s a "name"')
    expect(await firstValue(new Client(url), 'SELECT current_database()')).toBe('it’s a "name"')
    expect(await firstValue(new Client(other.url('postgres')), 'SHOW server_version_num')).toMatch(
      new RegExp(`^${other.major}`),
    )
  }
  expect(await Promise.all(ports.map(answers))).toEqual([false, false])
})

test('a wrong password is refused', async () => {
  await using server = await startPostgres()
  const url = server.url('postgres').replace(server.password, 'guess')
  await expect(firstValue(new Client(url), 'SELECT 1')).rejects.toThrow('password authentication failed')
})

test('with TLS, the certificate is checked and an open connection is refused', async () => {
  await using server = await startPostgres({ ssl: true })
  const connectionString = server.url('postgres')
  const ca = await readFile(server.ca ?? '')
  const encrypted = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
  expect(await firstValue(new Client({ connectionString, ssl: { ca } }), encrypted)).toBe(true)
  await expect(firstValue(new Client({ connectionString, ssl: true }), encrypted)).rejects.toThrow(
    'certificate',
  )
  await expect(firstValue(new Client({ connectionString, ssl: false }), encrypted)).rejects.toThrow(
    'no encryption',
  )
})

test('a cluster does not outlive a process that is killed', async () => {
  const module = new URL('postgres.ts', import.meta.url).href
  const script = `const { startPostgres } = await import('${module}')
    const server = await startPostgres()
    console.log(server.port)
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output] = (await once(owner.stdout, 'data')) as [Buffer]
  const port = Number(output.toString())
  expect(await answers(port)).toBe(true)
  owner.kill('SIGKILL')
  await expect.poll(() => answers(port), { timeout: 20_000, interval: 100 }).toBe(false)
})

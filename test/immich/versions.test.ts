import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import { chooseImmichVersion, fetchImmichVersion, normalVersion } from '../../src/immich/versions.ts'

const { signal } = new AbortController()

async function startServer(handle: RequestListener) {
  const server = createServer(handle).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  const dispose = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${address.port}`, [Symbol.asyncDispose]: dispose }
}

function answering(body: unknown, status = 200) {
  return startServer((request, response) => {
    response.statusCode = request.url === '/api/server/version' ? status : 404
    response.end(JSON.stringify(body))
  })
}

test('the server’s answer becomes a version', async () => {
  await using server = await answering({ major: 3, minor: 1, patch: 0, prerelease: null })
  expect(await fetchImmichVersion(server.url, signal)).toBe('3.1.0')
  await using older = await answering({ major: 1, minor: 135, patch: 3 })
  expect(await fetchImmichVersion(older.url, signal)).toBe('1.135.3')
  await using newer = await answering({ major: 3, minor: 2, patch: 0, prerelease: 1 })
  expect(await fetchImmichVersion(newer.url, signal)).toBe('3.2.0-rc.1')
})

test('an answer that is not Immich’s is an error', async () => {
  await using server = await answering({ version: '3.1.0' })
  await expect(fetchImmichVersion(server.url, signal)).rejects.toThrow('did not tell its version')
  await using broken = await answering({}, 502)
  await expect(fetchImmichVersion(broken.url, signal)).rejects.toThrow('it answered 502')
})

test('an abort ends the question to a server that never answers', async () => {
  await using server = await startServer(() => undefined)
  const stop = new AbortController()
  const asked = fetchImmichVersion(server.url, stop.signal)
  stop.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
})

test('the database’s word comes before the server’s, and the server’s before the owner’s', async () => {
  await using server = await answering({ major: 3, minor: 0, patch: 2 })
  const all = { database: '3.1.0', serverUrl: server.url, configured: 'v2.5.0' }
  expect(await chooseImmichVersion(all, signal)).toEqual({ version: '3.1.0', source: 'database' })
  expect(await chooseImmichVersion({ ...all, database: undefined }, signal)).toEqual({
    version: '3.0.2',
    source: 'server',
  })
  expect(await chooseImmichVersion({ ...all, database: undefined, serverUrl: undefined }, signal)).toEqual({
    version: '2.5.0',
    source: 'configuration',
  })
})

test('a server that does not answer leaves the owner’s word, and without that is told', async () => {
  await using server = await answering({}, 500)
  const sources = { database: undefined, serverUrl: server.url, configured: '3.1.0' }
  expect(await chooseImmichVersion(sources, signal)).toEqual({ version: '3.1.0', source: 'configuration' })
  await expect(chooseImmichVersion({ ...sources, configured: undefined }, signal)).rejects.toThrow(
    'the version of Immich is unknown: the database does not tell it, and the Immich server did not tell its version: it answered 500',
  )
  await expect(chooseImmichVersion({ ...sources, configured: 'newest' }, signal)).rejects.toThrow(
    'immichVersion must look like v3.1.0',
  )
})

test.each([
  ['v3.1.0', '3.1.0'],
  ['3.1.0-rc.1', '3.1.0-rc.1'],
  ['3.1', undefined],
  ['release', undefined],
])('%s as a version is %s', (text, version) => {
  expect(normalVersion(text)).toBe(version)
})

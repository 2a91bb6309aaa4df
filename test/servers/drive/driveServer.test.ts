/* The server against Google's own client, as Google documents Drive's protocol. */
import { auth, drive } from '@googleapis/drive'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { DriveServer } from './driveServer.ts'

const supportsAllDrives = true
const folderType = 'application/vnd.google-apps.folder'
const kilobyte = 1024

/** Google's client as the user, with the token endpoint of the server. */
function clientOf(server: DriveServer, refreshToken = server.tokens.refreshToken) {
  const { clientId, clientSecret } = server.tokens
  const user = new auth.OAuth2({
    clientId,
    clientSecret,
    endpoints: { oauth2TokenUrl: `${server.url}token` },
  })
  user.setCredentials({ refresh_token: refreshToken })
  const options = { rootUrl: server.url, retry: false }
  return { files: drive({ version: 'v3', auth: user }).files, options, user }
}

test('files are made, described, read in ranges, changed and removed', async () => {
  await using server = await DriveServer.start()
  const { files, options } = clientOf(server)
  const bytes = randomBytes(100 * kilobyte)
  const { data: made } = await files.create(
    {
      requestBody: { name: 'a/b', parents: ['root'] },
      media: { body: Readable.from([bytes]) },
      fields: 'id,name,size,md5Checksum,sha256Checksum,trashed,parents,createdTime',
    },
    options,
  )
  expect(made).toEqual({
    id: expect.stringMatching(/^[\w-]{20,}$/),
    name: 'a/b',
    size: String(bytes.length),
    md5Checksum: createHash('md5').update(bytes).digest('hex'),
    sha256Checksum: createHash('sha256').update(bytes).digest('hex'),
    trashed: false,
    parents: [server.files.myDriveId],
    createdTime: expect.stringMatching(/^\d{4}-.*Z$/),
  })
  const fileId = made.id ?? ''
  const whole = await files.get({ fileId, alt: 'media' }, { ...options, responseType: 'arraybuffer' })
  expect(bytes.equals(Buffer.from(whole.data as ArrayBuffer))).toBe(true)
  const range = { ...options, responseType: 'arraybuffer', headers: { range: 'bytes=10-19' } } as const
  const part = await files.get({ fileId, alt: 'media' }, range)
  expect(part.status).toBe(206)
  expect(bytes.subarray(10, 20).equals(Buffer.from(part.data as ArrayBuffer))).toBe(true)
  const beyond = { ...options, headers: { range: 'bytes=999999-1000000' } }
  await expect(files.get({ fileId, alt: 'media' }, beyond)).rejects.toMatchObject({ status: 416 })
  await files.update({ fileId, media: { body: Readable.from(['other']) } }, options)
  expect((await files.get({ fileId, fields: 'size' }, options)).data).toEqual({ size: '5' })
  await files.update({ fileId, requestBody: { trashed: true } }, options)
  expect((await files.get({ fileId, fields: 'trashed' }, options)).data).toEqual({ trashed: true })
  await files.delete({ fileId }, options)
  await expect(files.get({ fileId }, options)).rejects.toMatchObject({
    status: 404,
    message: `File not found: ${fileId}.`,
  })
})

test('searches find by folder and name, page by page, and names need not be unique', async () => {
  await using server = await DriveServer.start()
  const { files, options } = clientOf(server)
  const requestBody = { name: "it's \\ here", parents: ['root'], mimeType: folderType }
  const { data: folder } = await files.create({ requestBody }, options)
  const parents = [folder.id ?? '']
  for (const name of ['same', 'same', 'SAME', 'other', 'gone']) {
    await files.create({ requestBody: { name, parents }, media: { body: Readable.from(['x']) } }, options)
  }
  const gone = server.files.all().find(({ name }) => name === 'gone')
  await files.update({ fileId: gone?.id ?? '', requestBody: { trashed: true } }, options)
  const namesOf = async (q: string) => {
    const names: string[] = []
    let pageToken: string | undefined
    do {
      const page = await files.list({ q, pageSize: 2, ...(pageToken && { pageToken }) }, options)
      names.push(...(page.data.files ?? []).map(({ name }) => name ?? ''))
      pageToken = page.data.nextPageToken ?? undefined
    } while (pageToken)
    return names.sort()
  }
  const inFolder = `'${folder.id}' in parents`
  expect(await namesOf(inFolder)).toEqual(['SAME', 'gone', 'other', 'same', 'same'])
  expect(await namesOf(`${inFolder} and trashed = false`)).toEqual(['SAME', 'other', 'same', 'same'])
  expect(await namesOf(`${inFolder} and name = 'same'`)).toEqual(['SAME', 'same', 'same'])
  expect(await namesOf(`'root' in parents and name = 'it\\'s \\\\ here'`)).toEqual([requestBody.name])
  expect(await namesOf(`'root' in parents and mimeType != '${folderType}'`)).toEqual([])
  await expect(files.list({ q: 'colour = red' }, options)).rejects.toMatchObject({ status: 400 })
})

test('generated ids can be used once', async () => {
  await using server = await DriveServer.start()
  const { files, options } = clientOf(server)
  const { data } = await files.generateIds({ count: 2 }, options)
  const [id = ''] = data.ids ?? []
  expect(data.ids).toHaveLength(2)
  await files.create({ requestBody: { id, name: 'a', mimeType: folderType } }, options)
  const again = files.create({ requestBody: { id, name: 'b' } }, options)
  await expect(again).rejects.toMatchObject({ status: 409 })
  const made = files.create({ requestBody: { id: 'made-up', name: 'b' } }, options)
  await expect(made).rejects.toMatchObject({ status: 400 })
})

test('a shared drive is seen by those who say that they know of such', async () => {
  await using server = await DriveServer.start()
  const { files, options } = clientOf(server)
  const driveId = server.files.sharedDriveId
  await expect(files.get({ fileId: driveId }, options)).rejects.toMatchObject({ status: 404 })
  const root = await files.get({ fileId: driveId, fields: 'driveId', supportsAllDrives }, options)
  expect(root.data).toEqual({ driveId })
  const requestBody = { name: 'a', parents: [driveId] }
  const media = { body: Readable.from(['x']) }
  const { data } = await files.create({ requestBody, media, supportsAllDrives }, options)
  const q = `'${driveId}' in parents`
  expect((await files.list({ q }, options)).data.files).toEqual([])
  const everywhere = { q, supportsAllDrives, includeItemsFromAllDrives: true }
  expect((await files.list(everywhere, options)).data.files).toHaveLength(1)
  const within = { ...everywhere, corpora: 'drive', driveId }
  expect((await files.list(within, options)).data.files).toHaveLength(1)
  await expect(files.list({ ...everywhere, driveId }, options)).rejects.toMatchObject({ status: 400 })
  server.files.role = 'contributor'
  const fileId = data.id ?? ''
  const trashing = files.update({ fileId, requestBody: { trashed: true }, supportsAllDrives }, options)
  await expect(trashing).rejects.toMatchObject({ status: 403 })
})

test('whoever has no token, or a wrong one, is refused', async () => {
  await using server = await DriveServer.start()
  const { files, options, user } = clientOf(server)
  await files.list({ q: "'root' in parents" }, options)
  server.tokens.revokeAccess()
  await expect(files.list({ q: "'root' in parents" }, options)).rejects.toMatchObject({ status: 401 })
  user.setCredentials({ refresh_token: server.tokens.refreshToken })
  await files.list({ q: "'root' in parents" }, options)
  const wrong = clientOf(server, 'wrong')
  await expect(wrong.files.list({}, options)).rejects.toMatchObject({
    status: 400,
    response: { data: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' } },
  })
})

test('an upload session keeps whole units of 256 KiB, and its address is enough to write to it', async () => {
  await using server = await DriveServer.start()
  const { user } = clientOf(server)
  const url = `${server.url}upload/drive/v3/files?uploadType=resumable&fields=id,size`
  const { headers } = await user.request({ url, method: 'POST', data: { name: 'a' }, retry: false })
  const session = headers.get('location') ?? ''
  const put = async (range: string, body?: Buffer) => {
    const answer = await fetch(session, {
      method: 'PUT',
      headers: { 'content-range': range },
      ...(body && { body: new Uint8Array(body) }),
    })
    return [answer.status, answer.headers.get('range'), await answer.text()] as const
  }
  const unit = 256 * kilobyte
  const bytes = randomBytes(2 * unit + 5)
  expect(await put('bytes */*')).toEqual([308, null, ''])
  expect(await put(`bytes 0-${unit - 1}/*`, bytes.subarray(0, unit))).toEqual([
    308,
    `bytes=0-${unit - 1}`,
    '',
  ])
  expect((await put(`bytes ${unit}-${unit + 9}/*`, bytes.subarray(0, 10)))[0]).toBe(400)
  expect((await put(`bytes ${2 * unit}-${2 * unit + 4}/*`, bytes.subarray(0, 5)))[0]).toBe(400)
  expect(await put('bytes */*')).toEqual([308, `bytes=0-${unit - 1}`, ''])
  const [status, , text] = await put(
    `bytes ${unit}-${bytes.length - 1}/${bytes.length}`,
    bytes.subarray(unit),
  )
  expect([status, JSON.parse(text)]).toEqual([200, { id: expect.any(String), size: String(bytes.length) }])
  expect((await put('bytes */*'))[0]).toBe(200)
  const stored = server.files.all().find(({ name }) => name === 'a')?.bytes
  expect(stored?.equals(bytes)).toBe(true)
  expect((await fetch(session, { method: 'DELETE' })).status).toBe(499)
  expect((await put('bytes */*'))[0]).toBe(404)
})

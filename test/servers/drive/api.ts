import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GoogleAccount } from './tokens.ts'
import type { DriveServer } from './driveServer.ts'
import { DriveRefusal, invalid, notFound } from './errors.ts'
import { parseMask, select } from './fields.ts'
import type { DriveFile, NewFile } from './files.ts'
import { parseMultipart } from './multipart.ts'
import { parseQuery } from './query.ts'

export interface Call {
  request: IncomingMessage
  response: ServerResponse
  url: URL
}

const defaultFields = 'kind,id,name,mimeType'

/** Answers a request to the files of the Drive API. @throws DriveRefusal */
export async function answerApi(server: DriveServer, call: Call): Promise<void> {
  const { request, url } = call
  const [, upload, id] = /^(\/upload)?\/drive\/v3\/files(?:\/([\w-]+))?$/.exec(url.pathname) ?? []
  const session = url.searchParams.get('upload_id')
  // A session's address is all that is needed to write to it.
  if (session !== null && upload !== undefined) return await answerSession(server, call, session)
  const account = server.tokens.accountOf(request.headers.authorization)
  if (account === undefined) throw new DriveRefusal(401, 'authError', 'Invalid Credentials')
  switch (`${request.method} ${upload ?? ''}${id === undefined ? '' : ' file'}`) {
    case 'GET ':
      return list(server, call)
    case 'GET  file':
      if (id === 'generateIds') return generateIds(server, call)
      return url.searchParams.get('alt') === 'media'
        ? download(call, visible(server, call, id).bytes)
        : answerFile(server, call, visible(server, call, id))
    case 'POST ':
      return answerFile(server, call, create(server, call, account, await json(request), undefined))
    case 'POST /upload':
      return await createWithMedia(server, call, account)
    case 'PATCH  file':
      return await update(server, call, visible(server, call, id))
    case 'PATCH /upload file':
      server.files.overwrite(visible(server, call, id).id, (await media(call)).bytes)
      return answerFile(server, call, server.files.get(id ?? ''))
    case 'DELETE  file':
      server.files.delete(visible(server, call, id).id)
      call.response.writeHead(204).end()
      return
    default:
      throw new DriveRefusal(404, 'notFound', 'Not Found')
  }
}

/** A file by its id. Those of a shared drive are not seen by applications that do not say they know of such. */
function visible(server: DriveServer, { url }: Call, id = ''): DriveFile {
  const file = server.files.get(id)
  const knowsSharedDrives = url.searchParams.get('supportsAllDrives') === 'true'
  if (file.driveId !== undefined && !knowsSharedDrives) throw notFound(id)
  return file
}

function create(
  server: DriveServer,
  call: Call,
  account: GoogleAccount,
  created: NewFile,
  bytes: Buffer | undefined,
): DriveFile {
  assertOwnable(server, call, account, created, bytes !== undefined)
  return server.files.create(created, bytes)
}

function assertOwnable(
  server: DriveServer,
  call: Call,
  account: GoogleAccount,
  { parents: [parent = 'root'] = [] }: NewFile,
  hasBytes: boolean,
): void {
  const folder = visible(server, call, parent)
  if (account === 'user' || folder.driveId !== undefined || !hasBytes) return
  throw new DriveRefusal(
    403,
    'storageQuotaExceeded',
    'Service Accounts do not have storage quota. Leverage shared drives, or use OAuth delegation instead.',
  )
}

async function createWithMedia(server: DriveServer, call: Call, account: GoogleAccount): Promise<void> {
  const { request, response, url } = call
  if (url.searchParams.get('uploadType') !== 'resumable') {
    const { metadata, bytes } = await media(call)
    answerFile(server, call, create(server, call, account, metadata, bytes))
    return
  }
  const created = await json(request)
  const announced = request.headers['x-upload-content-length']
  const size = announced === undefined ? undefined : Number(announced)
  assertOwnable(server, call, account, created, true)
  server.files.assertCreatable(created, size ?? 0)
  const session = server.sessions.begin(created, size, url.searchParams.get('fields'))
  const location = new URL(url)
  location.search = new URLSearchParams({ uploadType: 'resumable', upload_id: session }).toString()
  response.writeHead(200, { location: location.href, 'content-length': 0 }).end()
}

async function answerSession(server: DriveServer, call: Call, id: string): Promise<void> {
  const { request, response } = call
  if (request.method === 'DELETE') {
    server.sessions.cancel(id)
    throw new DriveRefusal(499, 'cancelled', 'The upload was cancelled.')
  }
  if (request.method !== 'PUT') throw invalid('Only PUT and DELETE are known here.')
  const answer = await server.sessions.put(id, request)
  if ('file' in answer) return answerFile(server, call, answer.file, answer.fields)
  const range = answer.held === 0 ? {} : { range: `bytes=0-${answer.held - 1}` }
  response.writeHead(308, { ...range, 'content-length': 0 }).end()
}

async function update(server: DriveServer, call: Call, file: DriveFile): Promise<void> {
  const { trashed, name } = (await json(call.request)) as NewFile & { trashed?: boolean }
  if (trashed !== undefined) server.files.trash(file.id, trashed)
  if (name !== undefined) file.name = name
  answerFile(server, call, file)
}

function list(server: DriveServer, call: Call): void {
  const { searchParams: asked } = call.url
  const seesShared =
    asked.get('includeItemsFromAllDrives') === 'true' && asked.get('supportsAllDrives') === 'true'
  const driveId = asked.get('driveId') ?? undefined
  if ((asked.get('corpora') === 'drive') !== (driveId !== undefined)) {
    throw invalid('The driveId parameter must be specified if and only if corpora is set to drive.')
  }
  if (driveId !== undefined && !seesShared)
    throw invalid('The includeItemsFromAllDrives parameter must be set.')
  const found = server.files
    .search(parseQuery(asked.get('q') ?? ''))
    .filter((file) => (driveId === undefined ? seesShared || !file.driveId : file.driveId === driveId))
  const from = Number(asked.get('pageToken')?.replace(/^~/, '') ?? 0)
  // Drive itself gives up to 1000 where it is asked for them, and fewer when it likes.
  const end = from + Math.min(100, Number(asked.get('pageSize') ?? 100))
  const page = {
    kind: 'drive#fileList',
    incompleteSearch: false,
    ...(end < found.length ? { nextPageToken: `~${end}` } : {}),
    files: found.slice(from, end).map((file) => server.files.describe(file)),
  }
  answerJson(call, page, asked.get('fields') ?? `nextPageToken,incompleteSearch,files(${defaultFields})`)
}

function generateIds(server: DriveServer, call: Call): void {
  const count = Math.min(1000, Number(call.url.searchParams.get('count') ?? 10))
  answerJson(call, { kind: 'drive#generatedIds', ids: server.files.generateIds(count) }, '*')
}

function download({ request, response }: Call, bytes: Buffer | undefined): void {
  if (bytes === undefined) {
    throw new DriveRefusal(403, 'fileNotDownloadable', 'Only files with binary content can be downloaded.')
  }
  const type = { 'content-type': 'application/octet-stream' }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  if (first === undefined) {
    response.writeHead(200, { ...type, 'content-length': bytes.length }).end(bytes)
    return
  }
  const [start, end] = [Number(first), Math.min(bytes.length, Number(last) + 1)]
  if (start >= bytes.length) {
    throw new DriveRefusal(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable')
  }
  const range = {
    'content-length': end - start,
    'content-range': `bytes ${start}-${end - 1}/${bytes.length}`,
  }
  response.writeHead(206, { ...type, ...range }).end(bytes.subarray(start, end))
}

function answerFile(
  server: DriveServer,
  call: Call,
  file: DriveFile,
  fields = call.url.searchParams.get('fields'),
): void {
  answerJson(call, server.files.describe(file), fields ?? defaultFields)
}

function answerJson({ response }: Call, body: object, fields: string): void {
  const text = JSON.stringify(select(body, parseMask(fields)))
  response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' }).end(text)
}

async function media({ request, url }: Call): Promise<{ metadata: NewFile; bytes: Buffer }> {
  const body = await content(request)
  if (url.searchParams.get('uploadType') === 'media') return { metadata: {}, bytes: body }
  const { metadata, media: part } = parseMultipart(request.headers['content-type'] ?? '', body)
  return { metadata: metadata as NewFile, bytes: part.bytes }
}

async function json(request: IncomingMessage): Promise<NewFile> {
  return JSON.parse((await content(request)).toString()) as NewFile
}

async function content(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(request, (chunk) => chunk as Buffer))
}

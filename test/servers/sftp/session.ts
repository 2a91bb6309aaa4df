import type { Stats } from 'node:fs'
import { chmod, link, lstat, mkdir, open, readdir, unlink, type FileHandle } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import ssh2, { type Attributes, type FileEntry, type SFTPWrapper } from 'ssh2'
import { errorCode } from '../../../src/shared/errors.ts'

const { STATUS_CODE, flagsToString } = ssh2.utils.sftp
/** The most bytes that one answer to a read holds, which may be less than what was asked for. */
const readLimit = 10_000
/** The most names in one answer. */
const nameLimit = 50

/** The end of a list or a file. */
class EndOfFile extends Error {}

/** Answers the requests of one channel, one after the other. */
export function servePlainly(sftp: SFTPWrapper, folder: string, requests: string[]): void {
  const files = new Map<string, FileHandle>()
  const listings = new Map<string, FileEntry[]>()
  let handles = 0
  let last: unknown = undefined

  const local = (path: string) => join(folder, normalize(`/${path}`))
  const file = (handle: Buffer): FileHandle => {
    const found = files.get(String(handle))
    if (found === undefined) throw new Error('no such handle')
    return found
  }
  const newHandle = (): string => String((handles += 1))

  /** Does in its turn what a request asks for, and answers by what that gives: a call, or nothing where it is done. */
  const serve = (id: number, request: string, work: () => Promise<(() => void) | void>) => {
    requests.push(request)
    const before = last
    const answer = async () => {
      await before
      try {
        const reply = await work()
        if (reply) reply()
        else sftp.status(id, STATUS_CODE.OK)
      } catch (error) {
        sftp.status(id, statusOf(error))
      }
    }
    last = answer()
  }

  sftp.on('REALPATH', (id, path) =>
    serve(id, 'REALPATH', async () => {
      const name = { filename: normalize(`/${path}`), longname: '', attrs: attributesOf(await lstat(folder)) }
      return () => sftp.name(id, [name])
    }),
  )
  sftp.on('LSTAT', (id, path) =>
    serve(id, 'LSTAT', async () => {
      const found = attributesOf(await lstat(local(path)))
      return () => sftp.attrs(id, found)
    }),
  )
  sftp.on('FSTAT', (id, handle) =>
    serve(id, 'FSTAT', async () => {
      const found = attributesOf(await file(handle).stat())
      return () => sftp.attrs(id, found)
    }),
  )
  sftp.on('SETSTAT', (id, path, { mode }) => serve(id, 'SETSTAT', () => chmod(local(path), mode)))
  sftp.on('MKDIR', (id, path) => serve(id, 'MKDIR', () => mkdir(local(path))))
  sftp.on('REMOVE', (id, path) => serve(id, 'REMOVE', () => unlink(local(path))))
  sftp.on('RENAME', (id, from, to) =>
    serve(id, 'RENAME', async () => {
      // A name that is taken is an error: draft-ietf-secsh-filexfer-02, section 6.5.
      await link(local(from), local(to))
      await unlink(local(from))
    }),
  )
  sftp.on('OPEN', (id, path, flags) =>
    serve(id, 'OPEN', async () => {
      const found = await open(local(path), flagsToString(flags) ?? 'r')
      if ((await found.stat()).isDirectory()) {
        await found.close()
        throw new Error('a folder is no file')
      }
      const handle = newHandle()
      files.set(handle, found)
      return () => sftp.handle(id, Buffer.from(handle))
    }),
  )
  sftp.on('READ', (id, handle, offset, length) =>
    serve(id, 'READ', async () => {
      const buffer = Buffer.alloc(Math.min(length, readLimit))
      const { bytesRead } = await file(handle).read(buffer, 0, buffer.length, offset)
      if (bytesRead === 0) throw new EndOfFile()
      return () => sftp.data(id, buffer.subarray(0, bytesRead))
    }),
  )
  sftp.on('WRITE', (id, handle, offset, data) =>
    serve(id, 'WRITE', async () => {
      await file(handle).write(data, 0, data.length, offset)
    }),
  )
  sftp.on('OPENDIR', (id, path) =>
    serve(id, 'OPENDIR', async () => {
      const entries = (await readdir(local(path))).map(async (filename) => {
        const attrs = attributesOf(await lstat(join(local(path), filename)))
        return { filename, longname: filename, attrs }
      })
      const handle = newHandle()
      listings.set(handle, await Promise.all(entries))
      return () => sftp.handle(id, Buffer.from(handle))
    }),
  )
  sftp.on('READDIR', (id, handle) =>
    serve(id, 'READDIR', async () => {
      const some = listings.get(String(handle))?.splice(0, nameLimit) ?? []
      if (some.length === 0) throw new EndOfFile()
      return () => sftp.name(id, some)
    }),
  )
  sftp.on('CLOSE', (id, handle) =>
    serve(id, 'CLOSE', async () => {
      await files.get(String(handle))?.close()
      files.delete(String(handle))
      listings.delete(String(handle))
    }),
  )
  sftp.on('close', () => {
    for (const left of files.values()) void left.close()
  })
}

function attributesOf({ mode, uid, gid, size, atimeMs, mtimeMs }: Stats): Attributes {
  return { mode, uid, gid, size, atime: Math.floor(atimeMs / 1000), mtime: Math.floor(mtimeMs / 1000) }
}

function statusOf(error: unknown): number {
  if (error instanceof EndOfFile) return STATUS_CODE.EOF
  switch (errorCode(error) ?? '') {
    case 'ENOENT':
      return STATUS_CODE.NO_SUCH_FILE
    case 'EACCES':
    case 'EPERM':
      return STATUS_CODE.PERMISSION_DENIED
    default:
      return STATUS_CODE.FAILURE
  }
}

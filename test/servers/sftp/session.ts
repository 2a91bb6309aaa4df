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

/** An end of the list or the file. */
class EndOfFile extends Error {}

/** Answers the requests of one channel, one after the other. */
export function servePlainly(sftp: SFTPWrapper, folder: string, requests: string[]): void {
  const files = new Map<string, FileHandle>()
  const listings = new Map<string, FileEntry[]>()
  let handles = 0
  let last = Promise.resolve()

  /** Does what a request asks for, in its turn; without an answer of its own, the answer is that it was done. */
  function on<Args extends unknown[]>(
    request: string,
    work: (id: number, ...args: Args) => Promise<boolean | void>,
  ) {
    sftp.on(request, (id: number, ...args: Args) => {
      requests.push(request)
      last = last.then(async () => {
        try {
          if (!(await work(id, ...args))) sftp.status(id, STATUS_CODE.OK)
        } catch (error) {
          sftp.status(id, statusOf(error))
        }
      })
    })
  }
  const local = (path: string) => join(folder, normalize(`/${path}`))
  const file = (handle: Buffer): FileHandle => {
    const found = files.get(String(handle))
    if (found === undefined) throw new Error('no such handle')
    return found
  }
  const newHandle = (id: number): string => {
    const handle = String((handles += 1))
    sftp.handle(id, Buffer.from(handle))
    return handle
  }

  on('REALPATH', async (id, path: string) => {
    sftp.name(id, [{ filename: normalize(`/${path}`), longname: '', attrs: {} as Attributes }])
    return true
  })
  on('LSTAT', async (id, path: string) => {
    sftp.attrs(id, attributesOf(await lstat(local(path))))
    return true
  })
  on('FSTAT', async (id, handle: Buffer) => {
    sftp.attrs(id, attributesOf(await file(handle).stat()))
    return true
  })
  on('SETSTAT', async (_, path: string, { mode }: Attributes) => await chmod(local(path), mode))
  on('MKDIR', async (_, path: string) => await mkdir(local(path)))
  on('REMOVE', async (_, path: string) => await unlink(local(path)))
  // Version 3 has it that a name which is taken is an error.
  on('RENAME', async (_, from: string, to: string) => {
    await link(local(from), local(to))
    await unlink(local(from))
  })
  on('OPEN', async (id, path: string, flags: number) => {
    const found = await open(local(path), flagsToString(flags) ?? 'r')
    if ((await found.stat()).isDirectory()) {
      await found.close()
      throw new Error('a folder is no file')
    }
    files.set(newHandle(id), found)
    return true
  })
  on('READ', async (id, handle: Buffer, offset: number, length: number) => {
    const buffer = Buffer.alloc(Math.min(length, readLimit))
    const { bytesRead } = await file(handle).read(buffer, 0, buffer.length, offset)
    if (bytesRead === 0) throw new EndOfFile()
    sftp.data(id, buffer.subarray(0, bytesRead))
    return true
  })
  on('WRITE', async (_, handle: Buffer, offset: number, data: Buffer) => {
    await file(handle).write(data, 0, data.length, offset)
  })
  on('OPENDIR', async (id, path: string) => {
    const names = await readdir(local(path))
    const entries = names.map(async (filename) => {
      const attrs = attributesOf(await lstat(join(local(path), filename)))
      return { filename, longname: filename, attrs }
    })
    const listing = await Promise.all(entries)
    listings.set(newHandle(id), listing)
    return true
  })
  on('READDIR', async (id, handle: Buffer) => {
    const some = listings.get(String(handle))?.splice(0, nameLimit) ?? []
    if (some.length === 0) throw new EndOfFile()
    sftp.name(id, some)
    return true
  })
  on('CLOSE', async (_, handle: Buffer) => {
    await files.get(String(handle))?.close()
    files.delete(String(handle))
    listings.delete(String(handle))
  })
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

/* The requests of the protocol that are used here, as promises. Paths are those of the server. */
import type { FileEntryWithStats, Stats } from 'ssh2'
import type { CallOptions } from '../storage.ts'
import type { SftpChannel } from './channel.ts'
import { status, statusOf } from './errors.ts'

/** The path without `.`, `..` and symbolic links. */
export async function realPath(channel: SftpChannel, path: string, options: CallOptions): Promise<string> {
  return await channel.ask<string>(`find ${path}`, (sftp, done) => sftp.realpath(path, done), options)
}

/** What is there under this very name; undefined when nothing is. A symbolic link is not followed. */
export async function look(
  channel: SftpChannel,
  path: string,
  options: CallOptions,
): Promise<Stats | undefined> {
  try {
    return await channel.ask<Stats>(`look at ${path}`, (sftp, done) => sftp.lstat(path, done), options)
  } catch (error) {
    if (statusOf(error) === status.noSuchFile) return undefined
    throw error
  }
}

/** Makes a folder for the account alone. */
export async function makeFolder(channel: SftpChannel, path: string, options: CallOptions): Promise<void> {
  const what = `make the folder ${path}`
  await channel.ask<void>(what, (sftp, done) => sftp.mkdir(path, { mode: 0o700 }, done), options)
}

/** Everything in a folder, in no order; nothing when it is not there. */
export async function readFolder(
  channel: SftpChannel,
  path: string,
  options: CallOptions,
): Promise<FileEntryWithStats[]> {
  const what = `read the folder ${path}`
  const entries: FileEntryWithStats[] = []
  let handle: Buffer | undefined
  try {
    handle = await channel.ask<Buffer>(what, (sftp, done) => sftp.opendir(path, done), options)
    const from = handle
    for (;;) {
      const some = await channel.ask<FileEntryWithStats[]>(
        what,
        (sftp, done) => sftp.readdir(from, done),
        options,
      )
      entries.push(...some)
    }
  } catch (error) {
    if (handle === undefined && statusOf(error) === status.noSuchFile) return []
    if (statusOf(error) === status.endOfFile) return entries
    throw error
  } finally {
    if (handle !== undefined) closeAnyhow(channel, handle)
  }
}

/**
 * Closes a handle that nothing was written to, without waiting for the answer: if it can't be closed, it goes with its
 * connection.
 */
export function closeAnyhow(channel: SftpChannel, handle: Buffer): void {
  channel.ask<void>('close', (sftp, done) => sftp.close(handle, done), {}).catch(() => undefined)
}

/** Gives a file a further name; never the name of anything that is there. */
export async function linkFile(
  channel: SftpChannel,
  from: string,
  to: string,
  options: CallOptions,
): Promise<void> {
  await channel.ask<void>(`link ${to}`, (sftp, done) => sftp.ext_openssh_hardlink(from, to, done), options)
}

/** Gives a file another name. What happens when that is taken differs between servers. */
export async function renameFile(
  channel: SftpChannel,
  from: string,
  to: string,
  options: CallOptions,
): Promise<void> {
  await channel.ask<void>(`rename to ${to}`, (sftp, done) => sftp.rename(from, to, done), options)
}

/** Removes a file; one that is gone already is success. */
export async function removeFile(channel: SftpChannel, path: string, options: CallOptions): Promise<void> {
  try {
    await channel.ask<void>(`remove ${path}`, (sftp, done) => sftp.unlink(path, done), options)
  } catch (error) {
    if (statusOf(error) !== status.noSuchFile) throw error
  }
}

/** Bytes that the account may still write where `path` is, and files that it may still make. */
export async function freeSpace(
  channel: SftpChannel,
  path: string,
  options: CallOptions,
): Promise<{ bytes: number; files: number }> {
  interface Answer {
    f_frsize: number
    f_bavail: number
    f_files: number
    f_favail: number
  }
  const answer = await channel.ask<Answer>(
    `ask for space at ${path}`,
    (sftp, done) => sftp.ext_openssh_statvfs(path, done),
    options,
  )
  // Some file systems have no number of files to run out of, and say 0 of 0.
  const files = answer.f_files === 0 ? Infinity : answer.f_favail
  return { bytes: answer.f_bavail * answer.f_frsize, files }
}

import { randomUUID } from 'node:crypto'
import { join } from 'node:path/posix'
import type { CallOptions } from '../storage.ts'
import type { SftpChannel } from './channel.ts'
import { status, StatusError } from './errors.ts'
import { SftpFile } from './file.ts'
import { freeSpace, linkFile } from './requests.ts'

/** What a server can do beyond the third version of the protocol, which most servers speak. */
export interface Abilities {
  /** hardlink@openssh.com: a file gets a name in one step, and only one that is not taken. */
  links: boolean
  /** fsync@openssh.com. */
  syncsFiles: boolean
  /** The same for a folder, which has to be opened as if it were a file. */
  syncsFolders: boolean
  /** statvfs@openssh.com. */
  tellsSpace: boolean
}

/** Finds out by trying what can't change anything: the library keeps to itself what the server announces. */
export async function findAbilities(
  channel: SftpChannel,
  root: string,
  options: CallOptions,
): Promise<Abilities> {
  const missing = join(root, randomUUID())
  const noHandle = Buffer.from('none')
  const [links, syncsFiles, syncsFolders, tellsSpace] = await Promise.all([
    isUnderstood(linkFile(channel, missing, `${missing}-too`, options)),
    isUnderstood(
      channel.ask('flush nothing', (sftp, done) => sftp.ext_openssh_fsync(noHandle, done), options),
    ),
    isDone(syncFolder(channel, root, options)),
    isDone(freeSpace(channel, root, options)),
  ])
  return { links, syncsFiles, syncsFolders, tellsSpace }
}

async function syncFolder(channel: SftpChannel, path: string, options: CallOptions): Promise<void> {
  using folder = await SftpFile.open(channel, path, 'r', options)
  await folder.sync(options)
}

/** Whether the server knows such a request, whatever comes of it. */
async function isUnderstood(request: Promise<unknown>): Promise<boolean> {
  return (await refusalOf(request))?.status !== status.unsupported
}

/** Whether the server did it. */
async function isDone(request: Promise<unknown>): Promise<boolean> {
  return (await refusalOf(request)) === undefined
}

/** Why the server did not do it. @throws when that is not the server's answer. */
async function refusalOf(request: Promise<unknown>): Promise<StatusError | undefined> {
  try {
    await request
    return undefined
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
}

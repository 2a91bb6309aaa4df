import { networkFileSystem } from '../../state/networkFileSystem.ts'
import type { Finding } from '../../storage/probe/finding.ts'
import { checkSpace, mebibyte } from './space.ts'
import { existingFolder, requireWritable } from './writable.ts'

/** The manifest takes 200 bytes a file, and its copies while it is written as much again. */
const needs = { least: 100 * mebibyte, comfortable: 1024 * mebibyte }

const remedy = 'Set `state` to a folder on a local disk, of which the user that makes backups is the owner.'

/** Whether this machine can remember what it needs to be quick, and to tell its runs apart. */
export async function* checkStateFolder(state: string): AsyncGenerator<Finding> {
  const what = 'state folder'
  const folder = await existingFolder(state)
  const network = networkFileSystem(folder)
  if (network !== undefined) {
    yield { what, result: 'bad', detail: `${state} is on a network file system (${network})`, remedy }
    return
  }
  await requireWritable(folder, remedy)
  yield { what, ...(await checkSpace(folder, needs)) }
}

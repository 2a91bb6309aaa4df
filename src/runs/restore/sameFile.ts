import { createHash } from 'node:crypto'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { fsPath } from '../../shared/bytePath.ts'

const buffer = Buffer.allocUnsafeSlow(1024 * 1024)

/**
 * Whether a file has this SHA-256. Not to be read is to be another one.
 * @param sha256 hexadecimal.
 */
export function hasSha256(path: string, sha256: string): boolean {
  const hash = createHash('sha256')
  let fd: number
  try {
    fd = openSync(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return false
  }
  try {
    for (let read = readSync(fd, buffer); read > 0; read = readSync(fd, buffer))
      hash.update(buffer.subarray(0, read))
  } finally {
    closeSync(fd)
  }
  return hash.digest('hex') === sha256
}

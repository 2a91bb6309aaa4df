/* How a backend on a file system names what is unfinished in its folder `tmp`. */
import { hash, randomBytes } from 'node:crypto'

const dayMs = 24 * 60 * 60 * 1000
const uploadName = /^upload-[0-9a-f]{32}-[0-9a-f]{32}$/

/** A name for a file that only this process writes. */
export function temporaryName(): string {
  return randomBytes(16).toString('hex')
}

/** A name for an upload that another process may go on with. It tells the key that it is for, to whoever knows the key. */
export function uploadNameFor(key: string): string {
  return `upload-${randomBytes(16).toString('hex')}-${keyMark(key)}`
}

/** Whether a text is the name of an upload to this key. */
export function isUploadNameFor(key: string, text: string): boolean {
  return uploadName.test(text) && text.endsWith(keyMark(key))
}

/**
 * How long nobody wrote to a file when it certainly has no writer any more, in milliseconds: a day; a week for an upload
 * that a note may still tell of.
 */
export function abandonedAfterMs(name: string): number {
  return uploadName.test(name) ? 7 * dayMs : dayMs
}

function keyMark(key: string): string {
  return hash('sha256', key).slice(0, 32)
}

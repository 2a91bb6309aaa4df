import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { workerData } from 'node:worker_threads'

export interface BareLoopTask {
  library: string
  target: string
  /** Number of the next file to take, shared by all threads. */
  next: SharedArrayBuffer
}

const chunkSize = 16 * 1024
const tagSize = 16
const piece = Buffer.allocUnsafeSlow(64 * chunkSize)
const sealed = Buffer.allocUnsafeSlow(64 * (chunkSize + tagSize))
const key = randomBytes(32)
const nonce = Buffer.alloc(12)

const { library, target, next } = workerData as BareLoopTask
const counter = new Int32Array(next)
const files = readdirSync(library, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => join(parentPath, name))
for (let i = Atomics.add(counter, 0, 1); i < files.length; i = Atomics.add(counter, 0, 1)) {
  copyEncrypted(files[i] ?? '', join(target, String(i)))
}

function copyEncrypted(from: string, to: string): void {
  const source = openSync(from, 'r')
  const target = openSync(to, 'wx')
  const hash = createHash('sha256')
  for (let size = readSync(source, piece); size > 0; size = readSync(source, piece)) {
    const plaintext = piece.subarray(0, size)
    hash.update(plaintext)
    writeSync(target, sealed, 0, seal(plaintext))
  }
  hash.digest()
  closeSync(source)
  closeSync(target)
}

/** Encrypts into the buffer `sealed`. @returns how many bytes it holds. */
function seal(plaintext: Buffer): number {
  let written = 0
  for (let at = 0; at < plaintext.length; at += chunkSize) {
    nonce.writeUInt32BE((nonce.readUInt32BE(8) + 1) >>> 0, 8)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    const chunk = cipher.update(plaintext.subarray(at, at + chunkSize))
    cipher.final()
    sealed.set(chunk, written)
    sealed.set(cipher.getAuthTag(), written + chunk.length)
    written += chunk.length + tagSize
  }
  return written
}

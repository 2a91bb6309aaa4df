import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, readSync, writeSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { workerData } from 'node:worker_threads'

export interface BareLoopTask {
  library: string
  /** Where the encrypted files lie, named by their numbers. */
  vault: string
  /** Where they are brought back to; without it they are stored. */
  target: string | undefined
  /** Number of the next file to take, shared by all threads. */
  next: SharedArrayBuffer
}

const chunkSize = 16 * 1024
const tagSize = 16
const sealedChunkSize = chunkSize + tagSize
/** Small enough to stay in a processor's cache. */
const chunksAtOnce = 16
const plain = Buffer.allocUnsafeSlow(chunksAtOnce * chunkSize)
const sealed = Buffer.allocUnsafeSlow(chunksAtOnce * sealedChunkSize)
const algorithm = 'aes-256-gcm'
const key = Buffer.alloc(32)

const { library, vault, target, next } = workerData as BareLoopTask
const counter = new Int32Array(next)
const files = readdirSync(library, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => join(parentPath, name))
for (let i = Atomics.add(counter, 0, 1); i < files.length; i = Atomics.add(counter, 0, 1)) {
  const file = files[i] ?? ''
  const stored = join(vault, String(i))
  if (target === undefined) copy(file, stored, plain, (bytes, at) => seal(bytes, i, at))
  else {
    const path = join(target, relative(library, file))
    mkdirSync(dirname(path), { recursive: true })
    copy(stored, path, sealed, (bytes, at) => open(bytes, i, at))
  }
}

/** Copies a file through `change`, and hashes what is plain in it. */
function copy(
  from: string,
  to: string,
  block: Buffer,
  change: (bytes: Buffer, block: number) => { plaintext: Buffer; changed: Buffer },
): void {
  const source = openSync(from, 'r')
  const output = openSync(to, 'wx')
  const hash = createHash('sha256')
  let number = 0
  for (let size = readSync(source, block); size > 0; size = readSync(source, block)) {
    const { plaintext, changed } = change(block.subarray(0, size), number++)
    hash.update(plaintext)
    writeSync(output, changed)
  }
  hash.digest()
  closeSync(source)
  closeSync(output)
}

function seal(plaintext: Buffer, file: number, block: number): { plaintext: Buffer; changed: Buffer } {
  let written = 0
  for (let at = 0; at < plaintext.length; at += chunkSize) {
    const cipher = createCipheriv(algorithm, key, nonceOf(file, block * chunksAtOnce + at / chunkSize))
    const chunk = cipher.update(plaintext.subarray(at, at + chunkSize))
    cipher.final()
    sealed.set(chunk, written)
    sealed.set(cipher.getAuthTag(), written + chunk.length)
    written += chunk.length + tagSize
  }
  return { plaintext, changed: sealed.subarray(0, written) }
}

function open(bytes: Buffer, file: number, block: number): { plaintext: Buffer; changed: Buffer } {
  let written = 0
  for (let at = 0; at < bytes.length; at += sealedChunkSize) {
    const chunk = bytes.subarray(at, at + sealedChunkSize)
    const number = block * chunksAtOnce + at / sealedChunkSize
    const decipher = createDecipheriv(algorithm, key, nonceOf(file, number), { authTagLength: tagSize })
    decipher.setAuthTag(chunk.subarray(-tagSize))
    const opened = decipher.update(chunk.subarray(0, -tagSize))
    decipher.final()
    plain.set(opened, written)
    written += opened.length
  }
  const plaintext = plain.subarray(0, written)
  return { plaintext, changed: plaintext }
}

function nonceOf(file: number, chunk: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(file, 0)
  nonce.writeUInt32BE(chunk, 8)
  return nonce
}

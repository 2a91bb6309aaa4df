import { createCipheriv, createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { setImmediate as eventLoop } from 'node:timers/promises'
import { Random } from './random.ts'

interface Bulk {
  /** The folder to fill; made when absent. */
  root: string
  files: number
  /** Size of each file; 0 for empty ones. */
  bytes: number
  /** Another seed gives other names and other contents. */
  seed?: number
  /** Without a dot; `jpg` by default. */
  extension?: string
}

/**
 * Quickly fills a folder with files of random bytes, no two alike, laid out as Immich does uploads:
 * `upload/<userId>/ab/cd/<uuid>.<extension>`. Nothing in them compresses or repeats, so that programs which do either
 * gain nothing. The same arguments give the same files.
 * @returns the user's folder, relative to the root.
 */
export async function generateBulk({
  root,
  files,
  bytes,
  seed = 1,
  extension = 'jpg',
}: Bulk): Promise<string> {
  const random = new Random(seed)
  const stream = keystream(seed)
  const user = `upload/${random.uuid()}`
  const folders = new Set<string>()
  for (let index = 0; index < files; index++) {
    const name = random.uuid()
    const folder = `${root}/${user}/${name.slice(0, 2)}/${name.slice(2, 4)}`
    if (!folders.has(folder)) mkdirSync(folder, { recursive: true })
    folders.add(folder)
    writeRandomFile(`${folder}/${name}.${extension}`, bytes, stream)
    if (index % 1000 === 999) await eventLoop()
  }
  return user
}

/** Gives the next `length` bytes of AES-CTR, which is the fastest source of incompressible bytes that repeats by seed. */
function keystream(seed: number): (length: number) => Buffer {
  const key = createHash('sha256').update(`bulk ${seed}`).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return (length) => cipher.update(zeros.subarray(0, length))
}

const zeros = Buffer.alloc(1 << 20)

function writeRandomFile(path: string, bytes: number, stream: (length: number) => Buffer): void {
  const file = openSync(path, 'wx')
  try {
    for (let left = bytes; left > 0; left -= zeros.length) {
      writeSync(file, stream(Math.min(left, zeros.length)))
    }
  } finally {
    closeSync(file)
  }
}

import { randomBytes } from 'node:crypto'
import { encryptObject } from '../../../src/crypto/envelope.ts'
import type { ObjectSource, ReadContent, ReadObject } from '../../../src/runs/read/object.ts'
import type { ObjectOutcome } from '../../../src/runs/read/outcome.ts'
import { readObject, type Extent } from '../../../src/runs/read/readObject.ts'
import { MemoryStorage } from '../../../src/storage/memory.ts'
import { objectContext } from '../../../src/vault/layout.ts'
import { sha256 } from '../../../src/vault/objects.ts'
import { buildPack } from '../../../src/vault/pack.ts'

const vaultId = '00112233445566778899aabbccddeeff'
const key = { id: Buffer.alloc(16, 1), key: Buffer.alloc(32, 2) }
const place = 'packs/0011223344556677-1'

/** A pack with these contents, and what a manifest would say of it. */
export interface SealedPack {
  object: ReadObject
  ciphertext: Buffer
  contents: readonly Buffer[]
}

export function sealPack(contents: readonly Buffer[]): SealedPack {
  const { plaintext, members } = buildPack(contents.map((bytes) => ({ sha256: sha256(bytes), bytes })))
  const ciphertext = encryptObject(key, objectContext(vaultId, place), plaintext)
  return {
    contents,
    ciphertext,
    object: {
      key: place,
      keyId: key.id.toString('hex'),
      plaintextSize: plaintext.length,
      ciphertextSha256: sha256(ciphertext).toString('hex'),
      contents: members.map(({ sha256, size, offset }, id) => ({
        id,
        sha256: Buffer.from(sha256).toString('hex'),
        size,
        offset,
      })),
    },
  }
}

/** How reading went: the outcome, and the contents that were committed, by id. */
export interface Reading {
  outcome: ObjectOutcome
  given: Map<number, Buffer>
  /** The ranges that were asked of the storage; undefined is the whole object. */
  requests: ({ offset: number; length: number } | undefined)[]
}

/** Reads contents of a pack out of a storage that holds `ciphertext` in its place, or nothing. */
export async function readPack(
  { object }: SealedPack,
  ciphertext: Uint8Array | undefined,
  extent: Extent,
  wanted: (content: ReadContent) => boolean = () => true,
): Promise<Reading> {
  const storage = new MemoryStorage()
  if (ciphertext) await storage.put(place, ciphertext, { kind: 'content' })
  const requests: Reading['requests'] = []
  const watched: ObjectSource['storage'] = {
    stat: async (at) => await storage.stat(at),
    read(at, options) {
      requests.push(options?.range && { offset: options.range.offset, length: options.range.length })
      return storage.read(at, options)
    },
  }
  const given = new Map<number, Buffer>()
  const outcome = await readObject(
    { storage: watched, vaultId, onBytes: () => undefined },
    { ...object, contents: object.contents.filter(wanted) },
    key.key,
    ({ id }) => {
      const pieces: Buffer[] = []
      return {
        write: (bytes) => pieces.push(Buffer.from(bytes)),
        commit: () => given.set(id, Buffer.concat(pieces)),
        abandon: () => undefined,
      }
    },
    { extent },
  )
  return { outcome, given, requests }
}

/** Contents of these sizes. */
export function contentsOf(sizes: readonly number[]): Buffer[] {
  return sizes.map((size) => randomBytes(size))
}

import * as z from 'zod'
import type { CallOptions } from '../../storage/storage.ts'
import { verificationKey, verificationPrefix } from '../../vault/layout.ts'
import { readJson, storeJson } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'
import { idSize } from './population.ts'

export const levels = ['list', 'checksum', 'read'] as const
/**
 * How thoroughly is checked. `list`: every object is there, with its size. `checksum`: its stored bytes have the SHA-256
 * of the manifest; needs no data key. `read`: it decrypts, and every content has its SHA-256.
 */
export type Level = (typeof levels)[number]

const count = z.number().int().nonnegative()

/** Days of the year before, the oldest first, and how many objects were last found good on each. */
const checkedOnDays = z.array(z.tuple([z.iso.date(), count]))
export type CheckedOnDays = z.infer<typeof checkedOnDays>

const documentSchema = z.object({
  version: z.literal(1),
  host: z.string(),
  runId: z.string(),
  program: z.string(),
  started: z.iso.datetime(),
  finished: z.iso.datetime(),
  level: z.enum(levels),
  outcome: z.enum(['good', 'damaged', 'incomplete', 'interrupted']),
  /** Every object of these records and their ancestors was good. */
  through: z.array(z.object({ sequence: count, runId: z.string() })),
  /** The objects that were good, where `through` does not say it: 8 bytes each, in Base64. */
  objects: z.base64(),
  /** The objects that were bad, in the same way. */
  bad: z.base64(),
  checkedObjects: count,
  checkedBytes: count,
  damaged: z.array(z.object({ key: z.string(), problem: z.string() })),
  /** What was checked by then, by this verification and all before it. The first documents did not tell. */
  coverage: z.object({ objects: count, read: checkedOnDays, stored: checkedOnDays }).optional(),
})

/** What a verification leaves in the vault; see docs/format.md. */
export type VerificationDocument = z.infer<typeof documentSchema>

/** The most objects that a document names: about 11 MB. Others count as not checked. */
const mostObjects = 1_000_000

/** Ids of objects, one after the other. A million take 8 MB. */
export class IdList implements Iterable<Buffer> {
  #bytes = Buffer.allocUnsafe(1024 * idSize)
  length = 0

  add(id: Uint8Array): void {
    if ((this.length + 1) * idSize > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.allocUnsafe(this.#bytes.length)])
    }
    this.#bytes.set(id, this.length * idSize)
    this.length += 1
  }

  *[Symbol.iterator](): Generator<Buffer, void, undefined> {
    for (let i = 0; i < this.length; i++) yield this.#bytes.subarray(i * idSize, (i + 1) * idSize)
  }

  /** What a document says of them. */
  toText(): string {
    return this.#bytes.subarray(0, Math.min(this.length, mostObjects) * idSize).toString('base64')
  }
}

export function* unpackIds(objects: string): Generator<Buffer, void, undefined> {
  const bytes = Buffer.from(objects, 'base64')
  for (let at = 0; at + idSize <= bytes.length; at += idSize) yield bytes.subarray(at, at + idSize)
}

/** Stores the document. @returns its key. */
export async function storeVerification(
  vault: Vault,
  document: VerificationDocument,
  options: CallOptions,
): Promise<string> {
  const key = verificationKey(new Date(document.started), document.runId)
  await storeJson(vault, key, documentSchema.parse(document), options)
  return key
}

/** Keys of all verifications, newest first. */
export async function listVerifications(vault: Vault, options: CallOptions): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of vault.storage.list(verificationPrefix, options)) keys.push(key)
  return keys.reverse()
}

/**
 * Reads one; undefined when it is gone.
 * @throws DecryptionError when it is not authentic; ZodError when it has not the fields of this version.
 */
export async function readVerification(
  vault: Vault,
  key: string,
  options: CallOptions,
): Promise<VerificationDocument | undefined> {
  const json = await readJson(vault, key, options)
  return json === undefined ? undefined : documentSchema.parse(json)
}

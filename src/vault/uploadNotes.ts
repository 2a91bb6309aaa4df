/*
 * Notes on large uploads under way: what a later run, on whatever machine, needs to go on with one. They are found by
 * the content alone, and readable by whoever can open the data key under which the upload was begun.
 */
import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { DecryptionError, saltSize } from '../crypto/cobblestone.ts'
import { decryptObject, encryptObject, keyIdOf, onlyKey, type ObjectKey } from '../crypto/envelope.ts'
import { ObjectMissingError } from '../storage/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import { reopenDataKey, type DataKeyVault, type StoredDataKey } from './dataKeys.ts'
import { objectContext, uploadNoteKey, uploadNotePrefix } from './layout.ts'
import { createObject, ObjectTooLargeError, readSmallObject } from './objects.ts'
import { uploadName } from './vaultKeys.ts'

const noteLimit = 8 * 1024 * 1024
/** Notes on one content that are looked at. There is one for each time that its upload was begun anew. */
const notesRead = 16

/** How an upload was begun. All of it has to be the same when it is resumed. */
export interface UploadNote {
  /** Salt of the object's message. */
  salt: Uint8Array
  /** What the storage knows the upload by. */
  token: string
  /** Of the content, in bytes. */
  size: number
  /** Size of the content's parts, in bytes. */
  partSize: number
  /** For each part the SHA-256 of the content from its first byte to that part's end; 32 bytes each. */
  marks: Uint8Array
  /** Size of the object's pieces, in bytes. */
  pieceSize: number
  /** Those that the data key was wrapped for, sorted. */
  recipients: readonly string[]
}

/** What notes take of a vault. */
export interface NoteVault extends DataKeyVault {
  readonly id: string
  readonly keys: { readonly names: Uint8Array; readonly keyIds: Uint8Array }
}

const bytes = (length: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${2 * length}}$`))
    .transform((text) => Buffer.from(text, 'hex'))
const count = z.number().int().positive()
export const noteSchema = z.object({
  version: z.literal(1),
  salt: bytes(saltSize),
  token: z.string(),
  size: count,
  partSize: count,
  marks: z.base64().transform((text) => Buffer.from(text, 'base64')),
  pieceSize: count,
  recipients: z.array(z.string()),
})

/** Stores a note on the upload of a content that is about to be encrypted under `key`. */
export async function storeUploadNote(
  vault: NoteVault,
  key: ObjectKey,
  contentSha256: Uint8Array,
  { salt, marks, ...note }: UploadNote,
  options: CallOptions,
): Promise<void> {
  const place = uploadNoteKey(uploadName(vault.keys.names, contentSha256), randomBytes(8))
  const fields: z.input<typeof noteSchema> = {
    version: 1,
    salt: Buffer.from(salt).toString('hex'),
    ...note,
    recipients: [...note.recipients],
    marks: Buffer.from(marks).toString('base64'),
  }
  const object = encryptObject(key, objectContext(vault.id, place), Buffer.from(JSON.stringify(fields)))
  await createObject(vault.storage, place, object, { kind: 'index', ...options })
}

/**
 * The notes on uploads of a content, each with the data key of its upload. What does not open, or is no note of ours,
 * is passed over: all that it could do is save some traffic.
 * @param identity `AGE-SECRET-KEY-1...`
 */
export async function* readUploadNotes(
  vault: NoteVault,
  identity: string,
  contentSha256: Uint8Array,
  options: CallOptions,
): AsyncGenerator<{ note: UploadNote; key: StoredDataKey }, void, undefined> {
  const places: string[] = []
  const prefix = uploadNotePrefix(uploadName(vault.keys.names, contentSha256))
  for await (const { key } of vault.storage.list(prefix, options)) {
    places.push(key)
    if (places.length === notesRead) break
  }
  for (const place of places) {
    const found = await readNote(vault, identity, place, options)
    if (found) yield found
  }
}

async function readNote(
  vault: NoteVault,
  identity: string,
  place: string,
  options: CallOptions,
): Promise<{ note: UploadNote; key: StoredDataKey } | undefined> {
  try {
    const object = await readSmallObject(vault.storage, place, noteLimit, options)
    const key = await reopenDataKey(vault, identity, keyIdOf(object), options)
    if (key === undefined) return undefined
    const plaintext = decryptObject(onlyKey(key), objectContext(vault.id, place), object)
    const { data: note } = noteSchema.safeParse(JSON.parse(plaintext.toString('utf8')))
    return note && { note, key }
  } catch (error) {
    if (!isNoNote(error)) throw error
    return undefined
  }
}

function isNoNote(error: unknown): boolean {
  return [DecryptionError, ObjectMissingError, ObjectTooLargeError, SyntaxError].some(
    (type) => error instanceof type,
  )
}

import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { wrapForRecipients } from '../../../src/crypto/age.ts'
import { objectSize, type ObjectKey } from '../../../src/crypto/envelope.ts'
import { generateIdentity } from '../../../src/crypto/identity.ts'
import { sha256Of } from '../../../src/runs/backup/marks.ts'
import { AccessDeniedError, ObjectMissingError } from '../../../src/storage/errors.ts'
import { ForwardingStorage } from '../../../src/storage/forward.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { objectKey, wrappedDataKey } from '../../../src/vault/layout.ts'
import { storeUploadNote } from '../../../src/vault/uploadNotes.ts'
import { dataKeyId } from '../../../src/vault/vault.ts'
import { objectName, uploadName } from '../../../src/vault/vaultKeys.ts'
import { bytesOf, keysOf } from '../../vault/vaults.ts'
import {
  contentOf,
  interruptedRun,
  newBench,
  partSize,
  pieceSize,
  storedContent,
  storeIn,
  type Bench,
  type Run,
} from './largeContents.ts'

const bytes = randomBytes(5 * pieceSize + 12_345)
const content = contentOf(bytes)

describe('a note is of no use', () => {
  /** Whether an upload goes on where the storage shows other objects than there are; undefined: none. */
  async function goesOn(bench: Bench, shown: Record<string, Uint8Array | undefined>): Promise<boolean> {
    class Liar extends ForwardingStorage {
      override async *read(
        ...call: Parameters<Storage['read']>
      ): AsyncGenerator<Uint8Array, void, undefined> {
        const [key] = call
        if (!(key in shown)) yield* this.inner.read(...call)
        else if (shown[key]) yield shown[key]
        else throw new ObjectMissingError(key)
      }
    }
    const { earlierKey } = await storeIn(await bench.run({ storage: new Liar(bench.storage) }), content)
    return earlierKey !== undefined
  }

  /** How a content is stored for which a note is of no use: all of it is sent. */
  async function begunAnew(bench: Bench, run: Run): Promise<boolean> {
    bench.storage.sent.splice(0)
    const stored = await storeIn(run, content)
    const sent = bench.storage.sent.reduce((size, { bytes: { length } }) => size + length, 0)
    const copy = await storedContent(bench, run, content, stored)
    return stored.earlierKey === undefined && sent === stored.object.size && bytes.equals(copy)
  }

  /** A data key and a note under it, made by somebody who knows all that a note says, begun as an upload. */
  async function plant(bench: Bench, run: Run, key: ObjectKey): Promise<void> {
    const { vault, storage, identity } = bench
    const wrapped = await wrapForRecipients(key.key, [identity.recipient])
    await storage.put(wrappedDataKey(key.id, 1), wrapped, { kind: 'index' })
    const sha256 = sha256Of(content)
    const { size, marks } = content
    const options = { kind: 'content', size: objectSize(size), pieceSize } as const
    const object = objectKey(objectName(vault.keys.names, sha256, key.id))
    const { token } = await storage.resumable.begin(object, options)
    const recipients = [...run.store.recipients].sort()
    const note = { salt: Buffer.alloc(24), token, size, partSize, marks, pieceSize, recipients }
    await storeUploadNote(vault, key, sha256, note, {})
  }

  test('under a data key that the storage made itself', async () => {
    const bench = await newBench()
    const run = await bench.run()
    await plant(bench, run, { id: randomBytes(16), key: randomBytes(32) })
    expect(await begunAnew(bench, run)).toBe(true)
    // With the id that only the vault's own key ids key gives, it would have been of use.
    const key = randomBytes(32)
    await plant(bench, run, { id: dataKeyId(bench.vault, key), key })
    expect((await storeIn(await bench.run(), content)).earlierKey).toBeDefined()
  })

  test('when it was moved to another content, altered, cut, or put in the place of another', async () => {
    const bench = await newBench()
    const { vault, storage } = bench
    await interruptedRun(bench, content, 2)
    const [place = ''] = await keysOf(storage, 'uploads/')
    const note = await bytesOf(storage, place)
    const other = contentOf(randomBytes(bytes.length))
    const otherPlace = `uploads/${uploadName(vault.keys.names, sha256Of(other)).toString('hex')}-0000000000000000`
    const altered = Buffer.from(note)
    altered.writeUInt8(altered.readUInt8(100) ^ 1, 100)
    await storage.put(otherPlace, note, { kind: 'index' })
    expect((await storeIn(await bench.run(), other)).earlierKey).toBeUndefined()
    const spoiled = [altered, note.subarray(0, -1), note.subarray(0, 10), Buffer.alloc(0), Buffer.alloc(9e6)]
    for (const object of spoiled) expect(await goesOn(bench, { [place]: object })).toBe(false)
    expect(await goesOn(bench, { [place]: note })).toBe(true)
  })

  test('when the data key was lost, or wrapped for others', async () => {
    const bench = await newBench()
    const { storage, identity } = bench
    const { key } = await interruptedRun(bench, content, 2)
    const place = wrappedDataKey(key.id, 1)
    const stranger = await generateIdentity({ postQuantum: false })
    const foreign = await wrapForRecipients(key.key, [stranger.recipient])
    const another = await wrapForRecipients(randomBytes(32), [identity.recipient])
    for (const wrapped of [undefined, foreign, another, Buffer.from('no age file')])
      expect(await goesOn(bench, { [place]: wrapped })).toBe(false)
    expect(await goesOn(bench, { [place]: await bytesOf(storage, place) })).toBe(true)
  })

  test('when other recipients are to read what this run stores', async () => {
    const bench = await newBench()
    await interruptedRun(bench, content, 4)
    const { recipient } = await generateIdentity({ postQuantum: false })
    for (const recipients of [[bench.identity.recipient], [bench.identity.recipient, recipient]]) {
      expect(await begunAnew(bench, await bench.run({ recipients }))).toBe(true)
    }
  })

  test('to credentials that may only create', async () => {
    const bench = await newBench()
    await interruptedRun(bench, content, 4)
    class CreateOnly extends ForwardingStorage {
      // oxlint-disable-next-line require-yield -- it only fails
      override async *list(): AsyncGenerator<never, void, undefined> {
        throw new AccessDeniedError('list is not allowed')
      }
    }
    expect(await begunAnew(bench, await bench.run({ storage: new CreateOnly(bench.storage) }))).toBe(true)
  })
})

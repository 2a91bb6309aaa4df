import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decryptObject, onlyKey } from '../../../src/crypto/envelope.ts'
import { storeFile } from '../../../src/runs/backup/storeFile.ts'
import type { StoreNote } from '../../../src/runs/backup/storeMessages.ts'
import { largestLoan, WorkMemory } from '../../../src/runs/backup/workMemory.ts'
import { objectContext } from '../../../src/vault/layout.ts'
import { sha256 } from '../../../src/vault/objects.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { bytesOf, keysOf } from '../../vault/vaults.ts'
import { newBench } from './largeContents.ts'

const mebibyte = 1024 * 1024

for (const [what, seen, found] of [
  ['as large as the walk saw it', 5 * mebibyte, 5 * mebibyte],
  ['smaller than the walk saw it', 5 * mebibyte, 17],
  ['larger than the walk saw it, and than the memory that was lent for it', 17, 5 * mebibyte],
  ['larger than any memory that is lent', 17, 9 * mebibyte],
] as const)
  test(`a file ${what} is stored as it is`, async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'photo.jpg')
    const bytes = randomBytes(found)
    await writeFile(path, bytes)
    const { vault, run } = await newBench()
    const { key } = await run()
    const store = { vaultId: vault.id, names: vault.keys.names, resuming: undefined }
    const workshop = {
      stores: [{ ...store, storage: async () => vault.storage }],
      memory: new WorkMemory(largestLoan),
    }
    const notes: StoreNote[] = []
    const context = {
      signal: new AbortController().signal,
      ask: async () => [[true]],
      note: (note: unknown) => void notes.push(note as StoreNote),
    }
    const file = { path, size: seen, wantSha1: false }
    await storeFile({ kind: 'file', file, targets: [{ store: 0, key }] }, workshop, context)

    const hash = sha256(bytes).toString('hex')
    expect(notes.findLast(({ kind }) => kind === 'end')).toMatchObject({
      end: { outcome: { status: 'read', sha256: hash, size: found }, object: {} },
    })
    const [place = ''] = await keysOf(vault.storage, 'objects/')
    const object = await bytesOf(vault.storage, place)
    expect(bytes.equals(decryptObject(onlyKey(key), objectContext(vault.id, place), object))).toBe(true)
    expect(await workshop.memory.take(1, largestLoan)).toHaveLength(1)
  })

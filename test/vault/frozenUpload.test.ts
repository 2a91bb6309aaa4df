import { chmod, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseIdentity } from '../../src/crypto/identity.ts'
import { Marker, partSizeFor, sha256Of } from '../../src/runs/backup/marks.ts'
import { storeLarge } from '../../src/runs/backup/storeLarge.ts'
import { openLocal } from '../../src/storage/local/local.ts'
import { readUploadNotes } from '../../src/vault/uploadNotes.ts'
import { openVault, type VaultPin } from '../../src/vault/vault.ts'
import { workplace } from '../cli/safelight.ts'

const frozen = join(import.meta.dirname, '../fixtures/vault-v1-upload')

interface Expected {
  pin: VaultPin
  content: { bytes: number; sha256: string }
  keyId: string
  note: { salt: string; token: string; marks: string; recipients: string[] }
}

const expected = JSON.parse(await readFile(join(frozen, 'expected.json'), 'utf8')) as Expected
const { note, pin } = expected

/** A copy of the vault, open. */
async function openFrozen() {
  const place = await workplace()
  const path = join(place.path, 'vault')
  await cp(join(frozen, 'vault'), path, { recursive: true })
  const identity = await parseIdentity(await readFile(join(frozen, 'identity.txt'), 'utf8'), 'identity.txt')
  const storage = await openLocal(path)
  const vault = await openVault(storage, { identity, pin })
  return { place, path, storage, vault, identity: identity.identity, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() } // prettier-ignore
}

/** The content whose upload was interrupted, read once. */
function frozenContent() {
  const bytes = Buffer.alloc(expected.content.bytes)
  for (let i = 0; i < bytes.length; i++) bytes.writeUInt8((i % 1e6) % 251, i)
  const marker = new Marker(partSizeFor(bytes.length))
  marker.update(bytes)
  const read = async (target: Buffer, position: number): Promise<void> => {
    bytes.copy(target, 0, position)
  }
  return { ...marker.end(), size: bytes.length, read }
}

test('a note that Safelight 0.1.0 wrote is read as it was meant', async () => {
  await using opened = await openFrozen()
  const { vault, identity } = opened
  const sha256 = Buffer.from(expected.content.sha256, 'hex')
  const found = await Array.fromAsync(readUploadNotes(vault, identity, sha256, {}))
  expect(
    found.map(({ note: { salt, marks, ...others }, key }) => ({
      keyId: key.id.toString('hex'),
      note: {
        salt: Buffer.from(salt).toString('hex'),
        marks: Buffer.from(marks).toString('hex'),
        ...others,
      },
    })),
  ).toMatchObject([{ keyId: expected.keyId, note }])
})

test('the upload that it tells of goes on', async () => {
  await using opened = await openFrozen()
  const { vault, path, storage, identity } = opened
  const { resumable } = storage
  if (!resumable) throw new Error('a local storage has resumable uploads')
  await mkdir(join(path, 'tmp'))
  await writeFile(join(path, 'tmp', note.token), '')
  const { id, keys } = vault
  const { recipients } = note
  const store = { storage, resumable, id, keys, identity, recipients }
  const content = frozenContent()
  expect(sha256Of(content).toString('hex')).toBe(expected.content.sha256)
  const watch = { signal: new AbortController().signal, passed: () => undefined }
  const unused = { id: Buffer.alloc(16), key: Buffer.alloc(32) }
  const { earlierKey } = await storeLarge(store, content, unused, Buffer.alloc(content.partSize), watch)
  expect(earlierKey?.id).toBe(expected.keyId)
})

test('a vault with a note in it verifies whole', async () => {
  await using opened = await openFrozen()
  const { place } = opened
  await copyFile(join(frozen, 'identity.txt'), join(place.path, 'identity.txt'))
  await chmod(join(place.path, 'identity.txt'), 0o600)
  await writeFile(
    join(place.path, 'safelight.yaml'),
    `state: state
identity: file:identity.txt
vault: { id: ${pin.id}, fingerprint: ${pin.fingerprint} }
destinations: [{ name: disk, type: local, path: vault }]
`,
  )
  const { exitCode, stderr } = await place.run(['verify-restore', '--all'])
  expect(stderr).not.toContain('error')
  expect(exitCode).toBe(0)
})

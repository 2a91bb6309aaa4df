import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { wrapForRecipients } from '../../src/crypto/age.ts'
import { generateIdentity } from '../../src/crypto/identity.ts'
import { createDataKey, DataKeyRing } from '../../src/vault/dataKeys.ts'
import { dataKeyId } from '../../src/vault/vault.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { bytesOf, exchanged, keysOf, newVault } from './vaults.ts'

test('a data key opens for each of its recipients, and is the one that was made', async () => {
  const { vault, storage, identity, recovery } = await newVault()
  const made = await createDataKey(vault, [identity.recipient, recovery.recipient], {})
  expect(made.id).toEqual(dataKeyId(vault, made.key))
  expect(await keysOf(storage, 'keys/')).toContain(`keys/${made.id.toString('hex')}/1.age`)
  for (const by of [identity, recovery]) {
    const ring = new DataKeyRing(vault, by)
    expect(() => ring.lookup(made.id)).toThrow(/unknown key/)
    await ring.load([made.id, made.id], {})
    expect(Buffer.from(ring.lookup(made.id)).equals(made.key)).toBe(true)
  }
})

test('every run’s key is another one', async () => {
  const { vault, identity } = await newVault()
  const keys = await Promise.all([1, 2, 3].map(() => createDataKey(vault, [identity.recipient], {})))
  expect(new Set(keys.map(({ key }) => Buffer.from(key).toString('hex'))).size).toBe(3)
})

test('in write-only mode the job’s identity opens no data key, and is told why; a recovery identity does', async () => {
  const { vault, identity, recovery } = await newVault({ writeOnly: true })
  expect(vault.writeOnly).toBe(true)
  const made = await createDataKey(vault, [recovery.recipient], {})
  await expect(new DataKeyRing(vault, identity).load([made.id], {})).rejects.toMatchObject({
    name: 'UserError',
    exitCode: 12,
    hint: expect.stringContaining('write-only mode'),
  })
  await new DataKeyRing(vault, recovery).load([made.id], {})
})

test('post-quantum recipients open post-quantum data keys', async () => {
  const { vault, identity, recovery } = await newVault({ postQuantum: true })
  const made = await createDataKey(vault, [identity.recipient, recovery.recipient], {})
  for (const by of [identity, recovery]) {
    const ring = new DataKeyRing(vault, by)
    await ring.load([made.id], {})
    expect(Buffer.from(ring.lookup(made.id)).equals(made.key)).toBe(true)
  }
})

test('a key that somebody planted for us under another’s id is refused before any use', async () => {
  const { vault, storage, identity } = await newVault()
  const made = await createDataKey(vault, [identity.recipient], {})
  const place = `keys/${made.id.toString('hex')}/1.age`
  for (const key of [Buffer.alloc(32, 'planted'), Buffer.alloc(16), Buffer.alloc(0)]) {
    const planted = await exchanged(storage, { [place]: await wrapForRecipients(key, [identity.recipient]) })
    const ring = new DataKeyRing({ ...vault, storage: planted }, identity)
    await expect(ring.load([made.id], {})).rejects.toMatchObject({ name: 'UserError', exitCode: 12 })
    expect(() => ring.lookup(made.id)).toThrow(/unknown key/)
  }
})

test('a damaged wrapping, or one for others, is passed over for another that opens', async () => {
  const { vault, storage, identity } = await newVault()
  const other = await generateIdentity({ postQuantum: false })
  const made = await createDataKey(vault, [identity.recipient], {})
  const folder = `keys/${made.id.toString('hex')}`
  const good = await bytesOf(storage, `${folder}/1.age`)
  for (const first of [Buffer.from('damaged'), await wrapForRecipients(made.key, [other.recipient])]) {
    const changed = await exchanged(storage, { [`${folder}/1.age`]: first, [`${folder}/2.age`]: good })
    const ring = new DataKeyRing({ ...vault, storage: changed }, identity)
    await ring.load([made.id], {})
    expect(Buffer.from(ring.lookup(made.id)).equals(made.key)).toBe(true)
  }
})

test('the age tool opens a data key and the index key with the same identities', async () => {
  await using folder = await temporaryFolder()
  const { vault, storage, identity, recovery } = await newVault()
  const made = await createDataKey(vault, [identity.recipient, recovery.recipient], {})
  const identityFile = join(folder.path, 'identity')
  const opened = async (key: string, by: { identity: string }): Promise<Buffer> => {
    writeFileSync(identityFile, `${by.identity}\n`, { mode: 0o600 })
    return execFileSync('age', ['--decrypt', '--identity', identityFile], {
      input: await bytesOf(storage, key),
    })
  }
  for (const by of [identity, recovery]) {
    const key = await opened(`keys/${made.id.toString('hex')}/1.age`, by)
    expect(key.equals(made.key)).toBe(true)
  }
  expect(await opened('keys/index/1.age', recovery)).toHaveLength(32)
})

import { leadSize, ObjectEncryptor, objectSize, type ObjectKey } from '../../src/crypto/envelope.ts'
import { parseIdentity } from '../../src/crypto/identity.ts'
import { objectKey, sealedIndexKey, objectContext } from '../../src/vault/layout.ts'
import { encodeVaultFile, parseVaultFile } from '../../src/vault/vaultFile.ts'
import { deriveVaultKeys, keyIdFor, objectName, sealKey, uploadName } from '../../src/vault/vaultKeys.ts'

/** What the vectors of docs/format.md start from. All but identities and `created` is bytes in hexadecimal. */
export interface VectorInputs {
  identity: string
  postQuantumIdentity: string
  vaultId: string
  indexKey: string
  dataKey: string
  contentSha256: string
  created: string
  salt: string
  plaintext: string
}

/** The values that docs/format.md derives from them, computed by the program. */
export async function computeVectors(inputs: VectorInputs): Promise<Record<string, string>> {
  const bytes = (name: keyof VectorInputs): Buffer => Buffer.from(inputs[name], 'hex')
  const contextOf = (key: string): string => objectContext(inputs.vaultId, key)
  const identity = await parseIdentity(inputs.identity, 'docs/format.md')
  const postQuantum = await parseIdentity(inputs.postQuantumIdentity, 'docs/format.md')
  const keys = deriveVaultKeys(bytes('vaultId'), bytes('indexKey'))
  const seal: ObjectKey = {
    id: Buffer.alloc(16),
    key: sealKey(bytes('vaultId'), identity.seed, identity.prefix),
  }
  const data: ObjectKey = { id: keyIdFor(keys.keyIds, bytes('dataKey')), key: bytes('dataKey') }
  const place = objectKey(objectName(keys.names, bytes('contentSha256'), data.id))
  const vaultFile = encodeVaultFile(keys.vaultFile, {
    id: inputs.vaultId,
    created: new Date(inputs.created),
    writeOnly: false,
  })
  return {
    seed: identity.seed.toString('hex'),
    sealKey: hex(seal.key),
    postQuantumSealKey: hex(sealKey(bytes('vaultId'), postQuantum.seed, postQuantum.prefix)),
    sealedIndexKey: hex(
      encryptWithSalt(seal, contextOf(sealedIndexKey(1)), bytes('indexKey'), bytes('salt')),
    ),
    namesKey: hex(keys.names),
    keyIdsKey: hex(keys.keyIds),
    manifestsKey: hex(keys.manifests.key),
    manifestsKeyId: hex(keys.manifests.id),
    recordsKey: hex(keys.records.key),
    recordsKeyId: hex(keys.records.id),
    vaultFileKey: hex(keys.vaultFile),
    vaultFileMac: parseVaultFile(vaultFile).mac,
    fingerprint: hex(keys.fingerprint),
    dataKeyId: hex(data.id),
    objectKey: place,
    objectContext: contextOf(place),
    uploadName: hex(uploadName(keys.names, bytes('contentSha256'))),
    object: hex(encryptWithSalt(data, contextOf(place), bytes('plaintext'), bytes('salt'))),
  }
}

function encryptWithSalt(key: ObjectKey, context: string, plaintext: Uint8Array, salt: Uint8Array): Buffer {
  const encryptor = new ObjectEncryptor(key, context, salt)
  const object = Buffer.alloc(objectSize(plaintext.length))
  object.set(encryptor.lead)
  encryptor.seal(plaintext, object.subarray(leadSize), true)
  return object
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/*
 * Where everything lies in a vault. Every key of the format is made, and taken apart, here.
 */

export const formatVersion = 1
export const vaultFileKey = 'vault.json'
export const keyPrefix = 'keys/'
export const indexKeyPrefix = 'keys/index/'
export const objectPrefix = 'objects/'
export const packPrefix = 'packs/'
export const databasePrefix = 'database/'
/** Manifests and records, of all hosts. */
export const hostsPrefix = 'hosts/'
export const runReportPrefix = 'runs/'
export const verificationPrefix = 'verifications/'
export const uploadPrefix = 'uploads/'

/** What an object is bound to: its place in this very vault. */
export function objectContext(vaultId: string, key: string): string {
  return `safelight/${formatVersion}/${vaultId}/${key}`
}

/** The index key sealed under identity number `n` of the vault. */
export function sealedIndexKey(n: number): string {
  return `${indexKeyPrefix}${n}.sealed`
}

/** The index key wrapped for the recovery recipients. */
export function wrappedIndexKey(n: number): string {
  return `${indexKeyPrefix}${n}.age`
}

export function dataKeyPrefix(keyId: Uint8Array): string {
  return `keys/${hex(keyId)}/`
}

export function wrappedDataKey(keyId: Uint8Array, n: number): string {
  return `${dataKeyPrefix(keyId)}${n}.age`
}

/** `name` is the 32-byte object name; see {@link file://./vaultKeys.ts}. */
export function objectKey(name: Uint8Array): string {
  const text = hex(name)
  return `${objectPrefix}${text.slice(0, 2)}/${text}`
}

export function packKey(runId: string, n: number): string {
  return `${packPrefix}${runId}-${n}`
}

export type ManifestKind = 'full' | 'delta'

export function manifestPrefix(host: string): string {
  return `hosts/${host}/manifests/`
}

export function manifestKey(host: string, runId: string, n: number, kind: ManifestKind): string {
  return `${manifestPrefix(host)}${runId}-${n}.${kind}`
}

/** The files that a dump names, in a part of a backup. */
export function catalogueKey(host: string, runId: string): string {
  return `${manifestPrefix(host)}${runId}.catalogue`
}

export function recordPrefix(host: string): string {
  return `hosts/${host}/snapshots/`
}

export function recordKey(host: string, sequence: number, runId: string): string {
  return `${recordPrefix(host)}${sequenceText(sequence)}-${runId}`
}

/** Sorts before every record of `sequence` and after every one of an earlier sequence. */
export function recordKeysBefore(host: string, sequence: number): string {
  return `${recordPrefix(host)}${sequenceText(sequence)}`
}

/** Sequence and run of a record's key, or undefined for a key that is no record's. */
export function parseRecordKey(host: string, key: string): { sequence: number; runId: string } | undefined {
  if (!key.startsWith(recordPrefix(host))) return undefined
  const match = /^(\d{10})-([0-9a-f]{16})$/.exec(key.slice(recordPrefix(host).length))
  if (!match?.[1] || !match[2]) return undefined
  return { sequence: Number(match[1]), runId: match[2] }
}

export function runReportKey(time: Date, runId: string): string {
  return `${runReportPrefix}${compactUtc(time)}-${runId}`
}

export function verificationKey(time: Date, runId: string): string {
  return `${verificationPrefix}${compactUtc(time)}-${runId}`
}

/** What the notes on uploads of a content begin with. `name` has 16 bytes; see {@link file://./vaultKeys.ts}. */
export function uploadNotePrefix(name: Uint8Array): string {
  return `${uploadPrefix}${hex(name)}-`
}

/** @param random 8 bytes that tell it from the other notes on the same content. */
export function uploadNoteKey(name: Uint8Array, random: Uint8Array): string {
  return uploadNotePrefix(name) + hex(random)
}

/** `20260720T020000Z`: sorts by time, and is safe in every storage. */
export function compactUtc(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d{3}/g, '')
}

function sequenceText(sequence: number): string {
  return String(sequence).padStart(10, '0')
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

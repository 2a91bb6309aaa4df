import { readdirSync, statSync } from 'node:fs'
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { TestVault } from '../backedUp.ts'

/** What an object becomes; undefined takes it away. */
export type Tampering = (bytes: Buffer, key: string) => Buffer | undefined

/** The keys of everything in a local vault, in order. */
export function keysIn(vault: TestVault, prefix = ''): string[] {
  return readdirSync(vault.path, { recursive: true, encoding: 'utf8' })
    .map((name) => relative(vault.path, join(vault.path, name)))
    .filter((key) => key.startsWith(prefix) && statSync(join(vault.path, key)).isFile())
    .sort()
}

/** Changes objects behind the program's back, does the work, and puts everything back as it was. */
export async function whileTampered<T>(
  vault: TestVault,
  keys: readonly string[],
  tampering: Tampering,
  work: () => Promise<T>,
): Promise<T> {
  const originals = new Map<string, Buffer>()
  for (const key of keys) originals.set(key, await readFile(join(vault.path, key)))
  try {
    for (const [key, bytes] of originals) await replace(vault, key, tampering(bytes, key))
    return await work()
  } finally {
    for (const [key, bytes] of originals) await replace(vault, key, bytes)
  }
}

async function replace(vault: TestVault, key: string, bytes: Buffer | undefined): Promise<void> {
  const path = join(vault.path, key)
  await rm(path, { force: true })
  if (!bytes) return
  await writeFile(path, bytes)
  await chmod(path, 0o444)
}

/** Each of these objects gets the bytes of the next one. */
export async function rotation(vault: TestVault, keys: readonly string[]): Promise<Tampering> {
  const bytes = new Map<string, Buffer>()
  for (const [i, key] of keys.entries()) {
    bytes.set(key, await readFile(join(vault.path, keys[(i + 1) % keys.length] ?? '')))
  }
  return (_, key) => bytes.get(key)
}

/** Flips one bit of the byte at a place; a negative place counts from the end, a fraction is a share of the length. */
export function flip(place: number): Tampering {
  return (bytes) => {
    const at = placeIn(bytes.length, place)
    const copy = Buffer.from(bytes)
    copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8))
    return copy
  }
}

function placeIn(length: number, place: number): number {
  if (place < 0) return Math.max(0, length + place)
  return Math.min(length - 1, Number.isInteger(place) ? place : Math.floor(length * place))
}

/** Bytes of every part of an object: magic, version, key id, salt, commitment, first chunk, middle, last tag. */
export const everyPart = [0, 7, 8, 24, 48, 80, 0.5, 0.9, -17, -16, -1]

/** The folder where a backend on a file system writes what is unfinished. No key lies in it. */
export const temporaryFolder = 'tmp'

const printableParts = /^[ -.0-~]+(?:\/[ -.0-~]+)*$/
const dotPart = /(?:^|\/)\.\.?(?:\/|$)/

/** Whether a name is a key by the rules of the storage contract. */
export function isKey(name: string): boolean {
  return printableParts.test(name) && !dotPart.test(name) && !name.startsWith(`${temporaryFolder}/`)
}

/** @throws Error when the name is no key: a caller's mistake, or a hostile name that must go no further. */
export function assertKey(name: string): void {
  if (!isKey(name)) throw new Error(`not a storage key: ${JSON.stringify(name)}`)
}

/** @throws Error when no key can begin with this prefix. */
export function assertPrefix(prefix: string): void {
  if (!isKey(`${prefix}x`)) throw new Error(`not a prefix of storage keys: ${JSON.stringify(prefix)}`)
}

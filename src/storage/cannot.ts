import type { Storage } from './storage.ts'

/**
 * What a storage can't do that others can, each to be read after "It can't": the pages of docs/destinations say the
 * same.
 */
export function whatItCannot({ capabilities, resumable, leftovers, trial }: Storage): string[] {
  const { atomicCreate, durable, checksum, reopenable } = capabilities
  return [
    !atomicCreate && 'refuse an object that another writer creates at the same moment',
    !durable && 'promise that what it took survives a power cut',
    checksum === 'none' &&
      'check what it receives: only a verification notices a byte that changed on the way',
    !resumable && 'go on with a large upload that was interrupted',
    !leftovers && 'tell what interrupted uploads left behind',
    !trial && 'show what the credentials may do',
    !reopenable && 'be used by several threads',
  ].filter((each) => each !== false)
}

import { lstatSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { errorCode, UserError } from '../../shared/errors.ts'
import { treeFolders } from './restoreFolder.ts'

/** A folder that a restore must not write into. */
export interface ProtectedFolder {
  path: string
  /** For the message: `the library`, `the vault`. */
  name: string
}

/**
 * Refuses to restore to a folder when anything restored there would lie in a protected folder, or over one. Folders are
 * told apart by what they are, not by how they are called: links and bind mounts lead to the same one.
 * @throws UserError
 */
export function refuseProtected(to: string, protectedFolders: readonly ProtectedFolder[]): void {
  const places = treeFolders.map((name) => resolve(to, name))
  for (const { path, name } of protectedFolders) {
    const own = identityOf(path)
    if (own === undefined) continue
    const around = identitiesAround(path)
    for (const place of places) {
      const placeIdentity = identityOf(place)
      const inside = identitiesAround(place).has(own)
      if (!inside && (placeIdentity === undefined || !around.has(placeIdentity))) continue
      throw new UserError(`a restore to ${to} would write into ${name}, ${path}`, {
        hint: 'Safelight never writes there. Restore to an empty folder, look at it, and move things yourself.',
      })
    }
  }
}

/** A folder and everything that it is in, as far as it is there. */
function identitiesAround(path: string): Set<string> {
  const found = new Set<string>()
  for (let at = realPath(path); ; at = dirname(at)) {
    const identity = identityOf(at)
    if (identity !== undefined) found.add(identity)
    if (dirname(at) === at) return found
  }
}

/** The path without links; where its end is not there yet, the end as it will be. */
function realPath(path: string): string {
  const absolute = resolve(path)
  if (isThere(absolute)) return realpathSync(absolute)
  return dirname(absolute) === absolute
    ? absolute
    : join(realPath(dirname(absolute)), absolute.slice(dirname(absolute).length))
}

/** What would lie below a file is not there. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return false
    throw error
  }
}

function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}`
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}

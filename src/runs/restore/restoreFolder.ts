import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { libraryFolders } from '../../immich/folders.ts'
import { fsPath, printablePath } from '../../shared/bytePath.ts'
import { errorCode, UserError } from '../../shared/errors.ts'
import { fileProblem } from './fileErrors.ts'
import type { RestoreProblem } from './target.ts'
import { isTemporaryName } from './temporary.ts'

/** What a tree holds at its top, and so all that a restore makes in its folder. */
export const treeFolders: readonly string[] = [...libraryFolders, 'sources']

/** A path that must not, or cannot, be restored. */
export class PathError extends Error {
  readonly kind: RestoreProblem['kind']
  constructor(kind: RestoreProblem['kind'], message: string) {
    super(message)
    this.name = 'PathError'
    this.kind = kind
  }
}

/**
 * The folder that a snapshot is restored to. Nothing is ever written outside of it, whatever a manifest says and
 * whatever links lie in it: a path is used only after each folder on the way was seen to be a real one.
 */
export class RestoreFolder {
  /** Absolute, without links. */
  readonly root: string
  readonly #folderMode: number
  /** Folders seen or made, by tree path: about a hundred bytes each. */
  readonly #real = new Set<string>([''])

  /**
   * Opens the folder, and makes it when it is not there.
   * @param options.folderMode of folders until they get their own.
   */
  constructor(path: string, options: { folderMode: number }) {
    try {
      makeFolders(path)
      this.root = realpathSync(path)
      readdirSync(this.root)
    } catch (error) {
      if (errorCode(error) === undefined) throw error
      throw new UserError(`${printablePath(path)} can't be used to restore to: ${fileProblem(error, path)}`, {
        cause: error,
      })
    }
    this.#folderMode = options.folderMode
  }

  /** Whether a folder of the tree was used. */
  has(treePath: string): boolean {
    return this.#real.has(treePath)
  }

  /**
   * The absolute path for a path of the tree; its folder is there afterwards.
   * @throws PathError, or a system error.
   */
  place(treePath: string): string {
    requireSafe(treePath)
    this.#requireFolder(parentOf(treePath))
    return `${this.root}/${treePath}`
  }

  /** Makes a folder of the tree. @returns its absolute path. @throws as {@link RestoreFolder.place} */
  makeFolder(treePath: string): string {
    requireSafe(treePath)
    this.#requireFolder(treePath)
    return `${this.root}/${treePath}`
  }

  #requireFolder(treePath: string): void {
    if (this.#real.has(treePath)) return
    this.#requireFolder(parentOf(treePath))
    const path = `${this.root}/${treePath}`
    const stats = lstatSync(fsPath(path), { throwIfNoEntry: false })
    if (!stats) mkdirSync(fsPath(path), { mode: this.#folderMode })
    else if (stats.isDirectory()) removeLeftovers(path)
    else if (stats.isSymbolicLink()) {
      throw new PathError(
        'unsafe',
        `${printablePath(treePath)} is a symbolic link here, and would lead elsewhere`,
      )
    } else throw new PathError('kept', `${printablePath(treePath)} is a file here, and should be a folder`)
    this.#real.add(treePath)
  }
}

/**
 * Makes a folder with those above it. Node's own way of doing so never ends where the folder above is there and yet
 * takes none, as those of an automounter or /proc: each says ENOENT.
 */
function makeFolders(path: string): void {
  if (existsSync(path)) return
  if (!existsSync(dirname(path))) makeFolders(dirname(path))
  mkdirSync(path)
}

/** Takes away what an earlier restore that did not end has left in a folder. */
function removeLeftovers(path: string): void {
  for (const name of readdirSync(fsPath(path))) {
    if (isTemporaryName(name)) rmSync(fsPath(`${path}/${name}`), { force: true })
  }
}

function requireSafe(treePath: string): void {
  const names = treePath.split('/')
  const bad = names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'))
  if (bad) throw new PathError('unsafe', 'the path would lead outside of the folder')
  if (!treeFolders.includes(names[0] ?? '')) {
    throw new PathError('unsafe', 'the path is in none of the folders that a backup has')
  }
}

function parentOf(treePath: string): string {
  return treePath.slice(0, Math.max(0, treePath.lastIndexOf('/')))
}

import { closeSync, constants, copyFileSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { fsPath } from '../../shared/bytePath.ts'
import type { Sink } from '../read/slicer.ts'
import { fileProblem } from './fileErrors.ts'
import { setMetadata } from './metadata.ts'
import type { FileReport, FileTarget } from './target.ts'
import type { TemporaryNames } from './temporary.ts'

interface OpenFile {
  target: FileTarget
  temporary: string | Buffer
  fd: number
}

/**
 * Writes one content to its paths. The bytes go to a temporary file beside the first path; only once they are proven
 * are they copied for the further paths, and each file gets its metadata and its name. It works synchronously: in a
 * thread of its own that is twice as fast for small files, and a slow disk then slows the reading down.
 */
export class FileSink implements Sink {
  readonly #report: FileReport
  readonly #names: TemporaryNames
  readonly #others: FileTarget[]
  readonly #size: number
  #file: OpenFile | undefined

  constructor(
    content: { targets: readonly FileTarget[]; size: number },
    names: TemporaryNames,
    report: FileReport,
  ) {
    this.#report = report
    this.#names = names
    this.#others = [...content.targets]
    this.#size = content.size
    while (!this.#file && this.#others.length > 0) this.#file = this.#openNext()
  }

  write(bytes: Uint8Array): void {
    if (!this.#file) return
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file.fd, bytes, at)
    } catch (error) {
      const targets = [this.#file.target, ...this.#others.splice(0)]
      this.abandon()
      for (const target of targets) this.#fail(target, error)
    }
  }

  commit(): void {
    const first = this.#file
    if (!first) return
    try {
      for (const target of this.#others) this.#copy(first, target)
      this.#file = undefined
      this.#finish(first)
    } finally {
      this.abandon()
    }
  }

  abandon(): void {
    const file = this.#file
    this.#file = undefined
    if (!file) return
    closeSync(file.fd)
    rmSync(file.temporary, { force: true })
  }

  #openNext(): OpenFile | undefined {
    const target = this.#others.shift()
    if (!target) return undefined
    try {
      return this.#create(target)
    } catch (error) {
      this.#fail(target, error)
      return undefined
    }
  }

  #create(target: FileTarget): OpenFile {
    const temporary = fsPath(this.#names.beside(target.path))
    // Nobody else reads a file before it has its mode.
    return { target, temporary, fd: openSync(temporary, 'wx', target.metadata ? 0o600 : 0o666) }
  }

  #copy(first: OpenFile, target: FileTarget): void {
    let copy: OpenFile
    try {
      copy = this.#create(target)
    } catch (error) {
      this.#fail(target, error)
      return
    }
    try {
      // Where the file system can share the blocks, the copy takes no space.
      copyFileSync(first.temporary, copy.temporary, constants.COPYFILE_FICLONE)
      this.#report.otherBytes += this.#size
    } catch (error) {
      closeSync(copy.fd)
      rmSync(copy.temporary, { force: true })
      this.#fail(target, error)
      return
    }
    this.#finish(copy)
  }

  /** Gives a complete file its metadata and its name. */
  #finish({ target, temporary, fd }: OpenFile): void {
    try {
      this.#setMetadata(target, fd)
      renameSync(temporary, fsPath(target.path))
      this.#report.restored += 1
    } catch (error) {
      rmSync(temporary, { force: true })
      this.#fail(target, error)
    } finally {
      closeSync(fd)
    }
  }

  /** A file whose attributes could not be set is worth more than none. */
  #setMetadata(target: FileTarget, fd: number): void {
    if (!target.metadata) return
    try {
      if (!setMetadata(fd, target.metadata)) this.#report.ownersNotSet += 1
    } catch (error) {
      const why = fileProblem(error, target.path)
      this.#problem(target, `its mode or times could not be set: ${why}; --content-only leaves them alone`)
    }
  }

  #fail(target: FileTarget, error: unknown): void {
    this.#problem(target, fileProblem(error, target.path))
  }

  #problem(target: FileTarget, message: string): void {
    this.#report.problems.push({ path: target.treePath, kind: 'failed', message })
  }
}

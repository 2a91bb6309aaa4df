import { IncompleteDumpError } from '../../immich/dumpInspector.ts'
import { exitCodes, UserError } from '../../shared/errors.ts'
import { AccessDeniedError, ObjectFrozenError, StorageError } from '../../storage/errors.ts'
import { ObjectTooLargeError } from '../../vault/objects.ts'
import { damaged, failureOf, isUntold, type ReadFailure } from '../read/outcome.ts'

/** Something in the vault that is not as it should be. */
export interface Finding extends ReadFailure {
  /** Where in the vault. */
  key: string
}

/** So many findings are kept by name; the rest is counted. */
const findingsKept = 1000

/** Collects what is wrong. Each place is told once, with the first thing that was wrong with it. */
export class Findings {
  readonly list: Finding[] = []
  /** All that were found, also those that are not in the list. */
  total = 0
  /** Those of the total that say nothing about the object: storage did not give it. */
  unreadable = 0
  readonly #keys = new Set<string>()

  add(key: string, failure: ReadFailure): void {
    if (this.#keys.has(key)) return
    this.#keys.add(key)
    this.total += 1
    if (isUntold(failure)) this.unreadable += 1
    if (this.list.length < findingsKept) this.list.push({ ...failure, key })
  }

  /**
   * Does a check of one place.
   * @returns whether it passed; what is wrong with the place is a finding, every other error is thrown.
   */
  async check(key: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      this.add(key, failureIn(error))
      return false
    }
  }
}

/** @throws the error itself when it is none of an object. */
function failureIn(error: unknown): ReadFailure {
  if (error instanceof IncompleteDumpError || error instanceof ObjectTooLargeError)
    return damaged(error.message)
  const isOfStorage =
    error instanceof StorageError || error instanceof AccessDeniedError || error instanceof ObjectFrozenError
  if (!(error instanceof UserError) || isOfStorage) return failureOf(error)
  return error.exitCode === exitCodes.wrongKey
    ? { kind: 'locked', message: error.message }
    : damaged(error.message)
}

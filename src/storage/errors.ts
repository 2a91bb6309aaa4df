import { UserError } from '../shared/errors.ts'

/** The key is taken already. */
export class ObjectExistsError extends Error {
  readonly key: string
  constructor(key: string, options?: ErrorOptions) {
    super(`${key} already exists`, options)
    this.name = 'ObjectExistsError'
    this.key = key
  }
}

/** There is no such object. */
export class ObjectMissingError extends Error {
  readonly key: string
  constructor(key: string, options?: ErrorOptions) {
    super(`${key} does not exist`, options)
    this.name = 'ObjectMissingError'
    this.key = key
  }
}

/** The object lies in an archive class, and has to be thawed before it can be read. */
export class ObjectFrozenError extends UserError {
  readonly key: string
  constructor(key: string, options?: ErrorOptions) {
    super(`${key} is frozen: its storage class has to thaw it before it can be read`, {
      ...options,
      hint: "'restore --thaw' and 'verify-restore --thaw' have it thawed.",
    })
    this.name = 'ObjectFrozenError'
    this.key = key
  }
}

type Told = NonNullable<ConstructorParameters<typeof UserError>[1]>

/** The credentials do not allow the call. Trying again is no use. */
export class AccessDeniedError extends UserError {
  constructor(message: string, options?: Told) {
    super(message, options)
    this.name = 'AccessDeniedError'
  }
}

/**
 * Any other failure of a backend. `transient` is the backend's own judgement whether the same call may succeed later;
 * the retry wrapper acts on it.
 */
export class StorageError extends UserError {
  readonly transient: boolean
  /** Milliseconds that the server asked us to wait before the next try. */
  readonly retryAfterMs: number | undefined
  constructor(message: string, options: Told & { transient: boolean; retryAfterMs?: number | undefined }) {
    super(message, { ...options, temporary: options.transient })
    this.name = 'StorageError'
    this.transient = options.transient
    this.retryAfterMs = options.retryAfterMs
  }
}

/** The last of several failures of one call, which may still succeed later: it has been tried for long enough now. */
export class GaveUpError extends StorageError {
  constructor(message: string, options: Told) {
    super(message, { ...options, transient: true })
  }
}

/** There is no room for what was to be stored. */
export class NoSpaceError extends StorageError {
  constructor(message: string, cause: unknown) {
    const hint = 'Make room there, or choose a larger disk. What was stored so far is safe.'
    super(message, { transient: false, cause, hint })
  }
}

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

/** The credentials do not allow the call. Trying again is no use. */
export class AccessDeniedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'AccessDeniedError'
  }
}

/**
 * Any other failure of a backend. `transient` is the backend's own judgement whether the same call may succeed later;
 * the retry wrapper acts on it.
 */
export class StorageError extends Error {
  readonly transient: boolean
  /** Milliseconds that the server asked us to wait before the next try. */
  readonly retryAfterMs: number | undefined
  constructor(
    message: string,
    options: ErrorOptions & { transient: boolean; retryAfterMs?: number | undefined },
  ) {
    super(message, options)
    this.name = 'StorageError'
    this.transient = options.transient
    this.retryAfterMs = options.retryAfterMs
  }
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** The most hours that a thaw takes, by storage class and tier. */
const hours: Record<string, Record<string, number>> = {
  GLACIER: { Expedited: 5 / 60, Standard: 5, Bulk: 12 },
  DEEP_ARCHIVE: { Standard: 12, Bulk: 48 },
}

interface Restore {
  ready: number
  /** When the readable copy goes: at the end of a day, as S3 rounds it. */
  expires: number
}

/** An answer of S3 that says no. */
export class S3Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Which frozen objects are thawing or thawed, by their path, in a time of its own. */
export class Restores {
  readonly begun: string[] = []
  readonly #restores = new Map<string, Restore>()
  #ahead = 0

  pass(passed: number): void {
    this.#ahead += passed * hourMs
  }

  isFrozenClass(storageClass: string): boolean {
    return storageClass in hours
  }

  /** Takes the body of a RestoreObject. @returns the status of the answer. @throws S3Refusal */
  begin(path: string, storageClass: string, body: string): number {
    const days = Number(/<Days>(\d+)<\/Days>/.exec(body)?.[1])
    const tier = /<Tier>(\w+)<\/Tier>/.exec(body)?.[1] ?? 'Standard'
    if (!(days >= 1)) throw new S3Refusal(400, 'MalformedXML', 'Days is missing')
    if (!this.isFrozenClass(storageClass)) {
      throw new S3Refusal(403, 'InvalidObjectState', "the object's storage class can't be restored")
    }
    const takes = hours[storageClass]?.[tier]
    if (takes === undefined) {
      throw new S3Refusal(400, 'InvalidArgument', `${storageClass} has no retrieval option ${tier}`)
    }
    const earlier = this.#current(path)
    if (earlier && earlier.ready > this.#now()) {
      throw new S3Refusal(409, 'RestoreAlreadyInProgress', 'object restore is already in progress')
    }
    const ready = earlier?.ready ?? this.#now() + takes * hourMs
    const expires = Math.ceil((Math.max(ready, this.#now()) + days * dayMs) / dayMs) * dayMs
    this.#restores.set(path, { ready, expires })
    if (earlier) return 200
    this.begun.push(`${tier}, ${days} days: ${path}`)
    return 202
  }

  /** @throws S3Refusal for an object that can't be read now. */
  requireThawed(path: string, storageClass: string): void {
    const restore = this.#current(path)
    if (restore && restore.ready <= this.#now()) return
    const message = `the operation is not valid for the object's storage class ${storageClass}`
    throw new S3Refusal(403, 'InvalidObjectState', message)
  }

  /** What HeadObject and GetObject say of a thaw. */
  headers(path: string): Record<string, string> {
    const restore = this.#current(path)
    if (restore === undefined) return {}
    if (restore.ready > this.#now()) return { 'x-amz-restore': 'ongoing-request="true"' }
    const expiry = new Date(restore.expires).toUTCString()
    return { 'x-amz-restore': `ongoing-request="false", expiry-date="${expiry}"` }
  }

  #current(path: string): Restore | undefined {
    const restore = this.#restores.get(path)
    return restore && restore.expires > this.#now() ? restore : undefined
  }

  #now(): number {
    return Date.now() + this.#ahead
  }
}

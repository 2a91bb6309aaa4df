import type { NewContent } from '../../manifest/entry.ts'
import type { HostChain } from './hostChain.ts'

/** Contents that a job has promised to store. */
export interface Claims {
  /** Answers a worker: which of these contents it is to store. Those are promised to it from now on. */
  claim: (hashes: string[]) => boolean[]
  /** The job has ended; what it stored is in the manifest. Whoever waits for one of its contents may look. */
  settle: () => void
}

/** Knows by their SHA-256, in hexadecimal, which contents are stored, and which are just being stored, so that none is stored twice. */
export class ContentLedger {
  readonly #chain: HostChain
  readonly #promised = new Map<string, Promise<void>>()

  constructor(chain: HostChain) {
    this.#chain = chain
  }

  claims(): Claims {
    const resolvers: (() => void)[] = []
    const keys: string[] = []
    return {
      claim: (hashes) =>
        hashes.map((hash) => {
          if (this.#promised.has(hash) || this.#idOf(hash) !== undefined) return false
          keys.push(hash)
          this.#promised.set(hash, new Promise((resolve) => resolvers.push(resolve)))
          return true
        }),
      settle: () => {
        for (const key of keys.splice(0)) this.#promised.delete(key)
        for (const resolve of resolvers.splice(0)) resolve()
      },
    }
  }

  add(content: NewContent): void {
    this.#chain.manifest.addContent(content, this.#chain.sequence)
  }

  /** Row id of a content; waits while another job is storing it. Undefined when that job failed. */
  async find(hash: string): Promise<number | undefined> {
    await this.#promised.get(hash)
    return this.#idOf(hash)
  }

  #idOf(hash: string): number | undefined {
    return this.#chain.manifest.findContent(Buffer.from(hash, 'hex'))?.id
  }
}

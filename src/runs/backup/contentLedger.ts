import type { NewContent } from '../../manifest/entry.ts'
import type { HostChain } from './hostChain.ts'

/** Contents that a job has promised to store. */
export interface Claims {
  /** Answers a worker: which of these contents it is to store. Those are promised to it from now on. */
  claim: (hashes: Uint8Array[]) => boolean[]
  /** The job has ended; what it stored is in the manifest. Whoever waits for one of its contents may look. */
  settle: () => void
}

/** Knows which contents are stored, and which are just being stored, so that none is stored twice. */
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
          const key = text(hash)
          if (this.#promised.has(key) || this.#chain.manifest.findContent(hash)) return false
          keys.push(key)
          this.#promised.set(key, new Promise((resolve) => resolvers.push(resolve)))
          return true
        }),
      settle: () => {
        for (const key of keys) this.#promised.delete(key)
        for (const resolve of resolvers) resolve()
      },
    }
  }

  add(content: NewContent): void {
    this.#chain.manifest.addContent(content, this.#chain.sequence)
  }

  /** Row id of a content; waits while another job is storing it. Undefined when that job failed. */
  async find(sha256: Uint8Array): Promise<number | undefined> {
    await this.#promised.get(text(sha256))
    return this.#chain.manifest.findContent(sha256)?.id
  }
}

function text(hash: Uint8Array): string {
  return Buffer.from(hash).toString('latin1')
}

import type { ObjectKey } from '../../crypto/envelope.ts'
import { createDataKey } from '../../vault/dataKeys.ts'
import type { Vault } from '../../vault/vault.ts'
import type { HostChain } from './hostChain.ts'
import type { EarlierKey } from './storeMessages.ts'

/**
 * The data key of a run: made, and stored wrapped, when the first content needs it, so that a run without news costs
 * no request for it.
 */
export class RunKey {
  readonly #vault: Vault
  readonly #recipients: readonly string[]
  readonly #chain: HostChain
  readonly #signal: AbortSignal
  #current: Promise<ObjectKey> | undefined

  constructor(vault: Vault, recipients: readonly string[], chain: HostChain, signal: AbortSignal) {
    this.#vault = vault
    this.#recipients = recipients
    this.#chain = chain
    this.#signal = signal
  }

  async current(): Promise<ObjectKey> {
    this.#current ??= this.#make()
    return await this.#current
  }

  /** Turns away from a key under which a name is taken by something that nobody can identify. */
  replace(): void {
    this.#current = undefined
  }

  /** Row id of a key of this run. */
  rowOf(key: ObjectKey): number {
    const row = this.#chain.manifest.dataKeyRow(key.id)
    if (row === undefined) throw new Error('the data key has no row in the manifest')
    return row
  }

  /** Row id of an earlier run's key. */
  rowOfEarlier(key: EarlierKey): number {
    const { manifest, sequence } = this.#chain
    const id = Buffer.from(key.id, 'hex')
    const wrapped = { size: key.wrappedSize, sha256: Buffer.from(key.wrappedSha256, 'hex') }
    return manifest.dataKeyRow(id) ?? manifest.addDataKey(id, wrapped, sequence)
  }

  async #make(): Promise<ObjectKey> {
    const { id, key, wrapped } = await createDataKey(this.#vault, this.#recipients, { signal: this.#signal })
    this.#chain.manifest.addDataKey(id, wrapped, this.#chain.sequence)
    return { id, key }
  }
}

import { unlessAborted } from '../../shared/abort.ts'
import { StorageError } from '../errors.ts'
import type { SftpOptions } from '../options.ts'
import type { CallOptions } from '../storage.ts'
import type { SftpChannel } from './channel.ts'
import { addressOf, connect } from './connect.ts'

/** The use of a connection, which others may use, too. Disposing of it ends the use. */
export interface Lease extends Disposable {
  channel: SftpChannel
}

type Connect = () => Promise<SftpChannel>

/** A few connections to one server, each made when it is first needed, and made again when it broke. */
export class SftpConnections {
  readonly #slots: Slot[]
  readonly #closing = new AbortController()
  readonly #where: string

  constructor(options: SftpOptions, idleMs: number) {
    this.#where = addressOf(options)
    const { signal } = this.#closing
    const make = async () => await connect(options, { idleMs, signal })
    this.#slots = Array.from({ length: options.connections }, () => new Slot(make))
  }

  /** The connection with the fewest users, a new one where all have some and there may be one more. @throws as `connect`. */
  async lease({ signal }: CallOptions): Promise<Lease> {
    signal?.throwIfAborted()
    const slot = this.#slots.reduce((best, other) => (other.cost < best.cost ? other : best))
    slot.users += 1
    try {
      const channel = await unlessAborted(slot.connected(), signal)
      return { channel, [Symbol.dispose]: () => void (slot.users -= 1) }
    } catch (error) {
      slot.users -= 1
      throw error
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#closing.abort(new StorageError(`${this.#where} was closed`, { transient: false }))
    await Promise.all(this.#slots.map((slot) => slot.close()))
  }
}

/** A place for a connection. */
class Slot {
  users = 0
  readonly #make: Connect
  #channel: SftpChannel | undefined
  #connecting: Promise<SftpChannel> | undefined

  constructor(make: Connect) {
    this.#make = make
  }

  /** How little it is to be chosen: one connection that is there is better than a new one, and a new one than to share. */
  get cost(): number {
    return 2 * this.users + (this.#isOpen || this.#connecting ? 0 : 1)
  }

  /** Whoever waits for it may leave; it is made all the same, for the next one. */
  async connected(): Promise<SftpChannel> {
    if (this.#channel && this.#isOpen) return this.#channel
    this.#connecting ??= this.#connect()
    return await this.#connecting
  }

  async close(): Promise<void> {
    this.#channel?.break('the connection was closed')
    await this.#connecting?.catch(() => undefined)
  }

  get #isOpen(): boolean {
    return this.#channel?.isBroken === false
  }

  async #connect(): Promise<SftpChannel> {
    try {
      this.#channel = await this.#make()
      return this.#channel
    } finally {
      this.#connecting = undefined
    }
  }
}

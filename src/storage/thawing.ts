/* Objects in archive classes (Glacier Flexible Retrieval, Deep Archive) that have to be thawed before they can be read. */
import type { CallOptions } from './storage.ts'

/** How fast, and so how dear. */
export const thawTiers = ['bulk', 'standard', 'expedited'] as const
export type ThawTier = (typeof thawTiers)[number]

/** Whether an object can be read: `thawed` ones until a date, when they freeze again. */
export type Temperature =
  | { state: 'readable' }
  | { state: 'frozen'; storageClass: string }
  | { state: 'thawing'; storageClass: string }
  | { state: 'thawed'; until: Date | undefined }

/** What thawing takes and costs in one class and tier, by the provider's list. */
export interface ThawOffer {
  storageClass: string
  tier: ThawTier
  /** Hours until objects can be read, at the most that the provider gives as usual. */
  hours: number
  /** US dollars. */
  perGigabyte: number
  /** US dollars for 1,000 requests; each object is one. */
  perThousand: number
}

export interface Thawing {
  /** Every class and tier there is. */
  readonly offers: readonly ThawOffer[]
  /** @throws ObjectMissingError */
  temperature(key: string, options: CallOptions): Promise<Temperature>
  /**
   * Asks for a frozen object to be made readable for some days. One that is thawing or readable is left as it is.
   * @throws ObjectMissingError | StorageError, for a tier that the object's class does not have.
   */
  thaw(key: string, tier: ThawTier, options: CallOptions & { days: number }): Promise<void>
}

/* Objects in archive classes (Glacier Flexible Retrieval, Deep Archive) that have to be thawed before they can be read. */
import type { CallOptions } from './storage.ts'

/** How fast, and so how dear. */
export const thawTiers = ['bulk', 'standard', 'expedited'] as const
export type ThawTier = (typeof thawTiers)[number]

/** Whether an object can be read: `thawed` ones until a date, when they freeze again. */
export type Temperature =
  | { state: 'readable' }
  | { state: 'frozen' }
  | { state: 'thawing' }
  | { state: 'thawed'; until: Date | undefined }

export interface Thawing {
  /** @throws ObjectMissingError */
  temperature(key: string, options: CallOptions): Promise<Temperature>
  /**
   * Asks for a frozen object to be made readable for some days. One that is thawing or readable is left as it is.
   * @throws ObjectMissingError | StorageError, for a tier that the object's class does not have.
   */
  thaw(key: string, tier: ThawTier, options: CallOptions & { days: number }): Promise<void>
}

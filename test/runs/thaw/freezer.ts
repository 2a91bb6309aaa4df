import { ObjectMissingError } from '../../../src/storage/errors.ts'
import type { Temperature, Thawing, ThawTier } from '../../../src/storage/thawing.ts'

/** An archive in memory. Objects thaw when the test says so. */
export class Freezer implements Thawing {
  readonly offers = [
    { storageClass: 'GLACIER', tier: 'bulk', hours: 12, perGigabyte: 0, perThousand: 0 },
    { storageClass: 'GLACIER', tier: 'standard', hours: 5, perGigabyte: 0.01, perThousand: 0.05 },
    { storageClass: 'GLACIER', tier: 'expedited', hours: 0.1, perGigabyte: 0.03, perThousand: 10 },
    { storageClass: 'DEEP_ARCHIVE', tier: 'bulk', hours: 48, perGigabyte: 0.0025, perThousand: 0.025 },
    { storageClass: 'DEEP_ARCHIVE', tier: 'standard', hours: 12, perGigabyte: 0.02, perThousand: 0.1 },
  ] as const
  readonly objects = new Map<string, Temperature>()
  /** What was asked for: key and tier. */
  readonly asked: [string, ThawTier][] = []
  looks = 0

  async temperature(key: string): Promise<Temperature> {
    this.looks += 1
    const found = this.objects.get(key)
    if (!found) throw new ObjectMissingError(key)
    return found
  }

  async thaw(key: string, tier: ThawTier): Promise<void> {
    this.asked.push([key, tier])
    this.objects.set(key, { state: 'thawing', storageClass: 'GLACIER' })
  }

  /** Hours go by. */
  pass(): void {
    for (const [key, { state }] of this.objects) {
      if (state === 'thawing') this.objects.set(key, { state: 'thawed', until: undefined })
    }
  }
}

/** Objects and their stored bytes. */
export interface ObjectTotals {
  objects: number
  bytes: number
}

/** What can't be read yet, counted. */
export class FrozenObjects {
  /** Nobody asked for these. */
  readonly frozen: ObjectTotals = { objects: 0, bytes: 0 }
  /** These will be readable within hours. */
  readonly thawing: ObjectTotals = { objects: 0, bytes: 0 }
  /** Those that are frozen, by storage class. */
  readonly classes = new Map<string, ObjectTotals>()

  get total(): ObjectTotals {
    return {
      objects: this.frozen.objects + this.thawing.objects,
      bytes: this.frozen.bytes + this.thawing.bytes,
    }
  }

  add(state: 'frozen' | 'thawing', storageClass: string, bytes: number): void {
    count(this[state], bytes)
    if (state === 'thawing') return
    const inClass = this.classes.get(storageClass) ?? { objects: 0, bytes: 0 }
    this.classes.set(storageClass, inClass)
    count(inClass, bytes)
  }
}

function count(totals: ObjectTotals, bytes: number): void {
  totals.objects += 1
  totals.bytes += bytes
}

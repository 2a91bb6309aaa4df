/** Objects as they lie in a storage. */
export interface Amount {
  objects: number
  /** Of ciphertext. */
  bytes: number
  /** Those of them that some classes bill as if they were larger. */
  small: { objects: number; bytes: number }
}

/** Objects below this size count as small: some classes bill 128 KiB for them. */
export const smallSize = 128 * 1024

export const nothing: Amount = { objects: 0, bytes: 0, small: { objects: 0, bytes: 0 } }

export function sum(...amounts: readonly Amount[]): Amount {
  const total = (count: (amount: Amount) => number): number =>
    amounts.reduce((so, amount) => so + count(amount), 0)
  return {
    objects: total(({ objects }) => objects),
    bytes: total(({ bytes }) => bytes),
    small: {
      objects: total(({ small }) => small.objects),
      bytes: total(({ small }) => small.bytes),
    },
  }
}

/** The same kind of objects, more or fewer of them. */
export function scaled({ objects, bytes, small }: Amount, factor: number): Amount {
  return {
    objects: Math.round(objects * factor),
    bytes: Math.round(bytes * factor),
    small: { objects: Math.round(small.objects * factor), bytes: Math.round(small.bytes * factor) },
  }
}

/** An object of so many bytes of ciphertext. */
export function oneObject(bytes: number): Amount {
  const isSmall = bytes < smallSize
  return { objects: 1, bytes, small: isSmall ? { objects: 1, bytes } : { objects: 0, bytes: 0 } }
}

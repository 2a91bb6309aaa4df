/** Bytes per second, which may differ by the hour. Infinity: as fast as it goes. */
export interface Rate {
  usual: number
  /** What holds at these hours instead; the first that covers a time counts. */
  hours: readonly RateHours[]
}

export interface RateHours {
  /** Minutes after midnight, local time. An end before the beginning lies on the next day. */
  from: number
  /** The first minute that it does not hold any more. */
  to: number
  rate: number
}

/** The rate that holds at a time. */
export function rateAt({ usual, hours }: Rate, time: Date): number {
  if (hours.length === 0) return usual
  const minute = time.getHours() * 60 + time.getMinutes()
  return hours.find((each) => covers(each, minute))?.rate ?? usual
}

function covers({ from, to }: RateHours, minute: number): boolean {
  return from < to ? from <= minute && minute < to : from <= minute || minute < to
}

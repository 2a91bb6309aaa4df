import type { Choice } from './population.ts'

const confidence = 0.95

/**
 * What a sample without a single bad object says of the objects it was drawn from: with 95 % confidence, fewer than this
 * many of them are bad. Exact (hypergeometric): the smallest number of bad ones that would have shown themselves in 95
 * of 100 such samples.
 * @param sample how many were drawn at random, without replacement.
 * @param from out of how many.
 */
export function badFewerThan(sample: number, from: number): number {
  let unseen = 1
  let bad = 0
  while (unseen > 1 - confidence && bad < from) {
    unseen *= Math.max(0, from - sample - bad) / (from - bad)
    bad += 1
  }
  return unseen > 1 - confidence ? from + 1 : bad
}

/**
 * What a verification's outcome allows to say of all objects, in a sentence or two.
 * @param total all objects of the vault. @param bad how many of the checked ones are bad.
 */
export function sampleStatement(choice: Choice, total: number, bad: number): string {
  const { objects, drawn, endedByBytes } = choice
  const count = `${format(objects)} of ${format(total)} objects checked`
  if (objects === 0) return `none of ${format(total)} objects checked: nothing can be said of them`
  if (bad > 0) return `${count}, ${format(bad)} bad`
  if (objects === total) return `all ${format(total)} objects checked, none bad`
  if (drawn.objects === drawn.from) {
    return `${count}, none bad; these were all that had not been checked for longest`
  }
  const share = roundedUp((100 * badFewerThan(drawn.objects, drawn.from)) / drawn.from)
  const bias = endedByBytes
    ? ' (large ones were less likely to be drawn, because the limit of bytes ended it)'
    : ''
  if (drawn.from === total) return `${count}, none bad: with 95 % confidence fewer than ${share} % are${bias}`
  return (
    `${count}, none bad; ${format(drawn.objects)} of them were drawn at random from the ${format(drawn.from)} ` +
    `that had not been checked for longest: with 95 % confidence fewer than ${share} % of those are bad${bias}`
  )
}

function format(count: number): string {
  return count.toLocaleString('en-US')
}

/** Two digits that matter, never less than the value, never more than 100. */
function roundedUp(percent: number): string {
  const unit = 10 ** (Math.floor(Math.log10(percent)) - 1)
  const up = Math.min(100, Math.ceil(percent / unit - 1e-9) * unit)
  return String(Number(up.toPrecision(3)))
}

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Choice } from '../../../src/runs/verify/population.ts'
import { badFewerThan, sampleStatement } from '../../../src/runs/verify/statement.ts'

const anySample = fc
  .tuple(fc.integer({ min: 1, max: 400 }), fc.nat(2000))
  .map(([sample, rest]) => ({ sample, from: sample + rest }))

describe('how many may be bad when a sample has none', () => {
  test('is the smallest number that would have shown itself in 95 of 100 samples', () => {
    fc.assert(
      fc.property(anySample, ({ sample, from }) => {
        const bad = badFewerThan(sample, from)
        expect(chanceToMiss(sample, from, bad)).toBeLessThanOrEqual(0.05)
        expect(chanceToMiss(sample, from, bad - 1)).toBeGreaterThan(0.05)
      }),
    )
  })

  test('is one when everything was in the sample, and everything when nothing was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (from) => {
        expect(badFewerThan(from, from)).toBe(1)
        expect(badFewerThan(0, from)).toBe(from + 1)
      }),
    )
  })

  test('falls when the sample grows', () => {
    fc.assert(
      fc.property(anySample, ({ sample, from }) => {
        expect(badFewerThan(sample + 1, from + 1)).toBeLessThanOrEqual(badFewerThan(sample, from + 1))
      }),
    )
  })
})

/** The chance that a sample has none of the bad ones, counted from the other side: the bad ones all fall elsewhere. */
function chanceToMiss(sample: number, from: number, bad: number): number {
  let chance = 1
  for (let i = 0; i < sample; i++) chance *= Math.max(0, from - bad - i) / (from - i)
  return chance
}

function choice(objects: number, drawn: Choice['drawn'], endedByBytes = false): Choice {
  return { objects, drawn, endedByBytes, tooLarge: 0, bytes: 0 }
}

describe('the statement', () => {
  test.each([
    [
      'of a first sample',
      choice(500, { objects: 500, from: 80_000 }),
      80_000,
      0,
      '500 of 80,000 objects checked, none bad: with 95 % confidence fewer than 0.6 % are',
    ],
    [
      'speaks only of what it was drawn from',
      choice(500, { objects: 300, from: 1000 }),
      80_000,
      0,
      '500 of 80,000 objects checked, none bad; 300 of them were drawn at random from the 1,000 that had not been checked for longest: with 95 % confidence fewer than 0.9 % of those are bad',
    ],
    [
      'of everything needs no confidence',
      choice(7, { objects: 7, from: 7 }),
      7,
      0,
      'all 7 objects checked, none bad',
    ],
    [
      'of a whole group claims nothing of the rest',
      choice(5, { objects: 3, from: 3 }),
      9,
      0,
      '5 of 9 objects checked, none bad; these were all that had not been checked for longest',
    ],
    ['of damage claims nothing', choice(5, { objects: 5, from: 9 }), 9, 2, '5 of 9 objects checked, 2 bad'],
    [
      'of nothing says so',
      choice(0, { objects: 0, from: 9 }, true),
      9,
      0,
      'none of 9 objects checked: nothing can be said of them',
    ],
  ])('%s', (_, choice, total, bad, expected) => {
    expect(sampleStatement(choice, total, bad)).toBe(expected)
  })

  test('never says less than what the sample supports', () => {
    fc.assert(
      fc.property(anySample, ({ sample, from }) => {
        fc.pre(sample < from)
        const text = sampleStatement(choice(sample, { objects: sample, from }), from, 0)
        const percent = Number(/fewer than ([\d.]+) %/.exec(text)?.[1])
        expect(percent).toBeGreaterThanOrEqual(Math.min(100, (99.999 * badFewerThan(sample, from)) / from))
      }),
    )
  })

  test('admits that large objects were less likely to be in it', () => {
    expect(sampleStatement(choice(5, { objects: 5, from: 9 }, true), 9, 0)).toContain('large ones')
  })
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { objectSize } from '../../../src/crypto/envelope.ts'
import { largestLoan, loanFor, wholeFileLimit, WorkMemory } from '../../../src/runs/backup/workMemory.ts'

describe('the memory of a worker', () => {
  test('lends a file room for the object that it becomes, and a large one no more than a piece', () => {
    expect(loanFor(5_000_000)).toBe(objectSize(5_000_000))
    expect(loanFor(0)).toBe(3 * 1024 * 1024)
    expect(loanFor(wholeFileLimit)).toBe(largestLoan)
    expect(loanFor(20e9)).toBe(largestLoan)
  })

  test('serves in order: a small wish does not overtake a large one for ever', async () => {
    const memory = new WorkMemory(10)
    const order: string[] = []
    const [first] = await memory.take(1, 6)
    const large = memory.take(1, 8).then(() => order.push('large'))
    const small = memory.take(1, 2).then(() => order.push('small'))
    await new Promise(setImmediate)
    expect(order).toEqual([])
    if (first) memory.giveBack(first)
    await Promise.all([large, small])
    expect(order).toEqual(['large', 'small'])
  })

  test('lends what several deliveries need all at once, or waits', async () => {
    const memory = new WorkMemory(10)
    const held = await memory.take(2, 3)
    let served = false
    const three = memory.take(3, 3).then((loans) => {
      served = true
      return loans
    })
    await new Promise(setImmediate)
    expect(served).toBe(false)
    for (const loan of held) memory.giveBack(loan)
    expect((await three).map(({ length }) => length)).toEqual([3, 3, 3])
  })

  test('never lends a byte twice, and lends all of it again once it is back, in whatever order that comes', async () => {
    const wishes = fc.array(
      fc.record({ count: fc.integer({ min: 1, max: 3 }), size: fc.integer({ min: 1, max: 33 }) }),
      {
        maxLength: 40,
      },
    )
    await fc.assert(
      fc.asyncProperty(wishes, fc.infiniteStream(fc.nat()), async (all, choices) => {
        const memory = new WorkMemory(100)
        const lent = new Set<Buffer>()
        const giveBackOne = () => {
          const loans = [...lent]
          const loan = loans[choices.next().value % loans.length]
          if (!loan) return false
          expect(loan.every((byte) => byte === loan[0])).toBe(true)
          lent.delete(loan)
          memory.giveBack(loan)
          return true
        }
        const served = all.map(async ({ count, size }, i) => {
          const loans = await memory.take(count, size)
          expect(loans.map(({ length }) => length)).toEqual(Array.from({ length: count }, () => size))
          for (const [n, loan] of loans.entries()) lent.add(loan.fill(3 * i + n))
        })
        do await new Promise(setImmediate)
        while (giveBackOne())
        await Promise.all(served)
        expect((await memory.take(1, 100))[0]?.length).toBe(100)
      }),
      { numRuns: 50 },
    )
  })
})

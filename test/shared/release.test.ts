import { expect, test } from 'vitest'
import { blockSize, release, takeBlock } from '../../src/shared/release.ts'

test('what was released has no bytes any more', () => {
  for (const size of [1, blockSize - 1, blockSize, blockSize + 1]) {
    const buffer = Buffer.allocUnsafeSlow(size)
    release(buffer)
    expect(buffer.length).toBe(0)
  }
})

test('a released block is used again, and whoever still holds it sees nothing of that', () => {
  const first = takeBlock(blockSize).fill('first')
  release(first)
  const second = takeBlock(blockSize)
  expect(second.toString('latin1', 0, 5)).toBe('first')
  expect(second).toHaveLength(blockSize)
  expect(first.length).toBe(0)
})

test('a part of a buffer is not released: the rest of it may be in use', () => {
  const whole = takeBlock(blockSize).fill('whole')
  release(whole.subarray(1))
  release(whole.subarray(0, 10))
  expect(whole.toString('latin1', 0, 5)).toBe('whole')
})

test('smaller buffers have the size that is asked for', () => {
  expect(takeBlock(0)).toHaveLength(0)
  expect(takeBlock(1000)).toHaveLength(1000)
})

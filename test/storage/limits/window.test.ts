import { describe, expect, test } from 'vitest'
import { UploadWindow } from '../../../src/storage/limits/window.ts'

const megabyte = 1024 * 1024

/** Rounds of uploads over a link with a capacity in bytes per second, each as many as the window admits. */
function overLink(
  capacity: number,
  rounds: number,
  { most = 16, window = new UploadWindow(most, clock()) } = {},
) {
  const widths: number[] = []
  for (let round = 0; round < rounds; round++) {
    const { width } = window
    const began = time
    time += 1
    for (let among = width; among > 0; among--) {
      window.ended({ bytes: megabyte, ms: (megabyte * width * 1000) / capacity }, { began, among })
    }
    widths.push(width)
  }
  return { window, widths }
}

let time = 0
function clock(): () => number {
  return () => time
}

describe('how many uploads at once', () => {
  test('a link that takes them all gets them all, always', () => {
    expect(new Set(overLink(100 * megabyte, 100).widths)).toEqual(new Set([16]))
  })

  test('a slow link gets few, each of which gets somewhere', () => {
    const { widths } = overLink(256 * 1024, 200)
    const settled = widths.slice(20)
    expect(Math.min(...settled)).toBeGreaterThanOrEqual(2)
    expect(Math.max(...settled)).toBeLessThanOrEqual(5)
  })

  test('the slowest link still gets one', () => {
    expect(overLink(1000, 50).window.width).toBe(1)
  })

  test('a server that asks to slow down is sent half as many, and one more after each good round', () => {
    const { window } = overLink(100 * megabyte, 5)
    const began = time
    time += 1
    for (let among = 16; among > 0; among--) window.ended('congested', { began, among })
    expect(window.width).toBe(8)
    expect(overLink(100 * megabyte, 4, { window }).widths).toEqual([8, 8, 9, 10])
    expect(overLink(100 * megabyte, 20, { window }).window.width).toBe(16)
  })

  test('uploads that began in the old crowd say nothing of the new one', () => {
    const window = new UploadWindow(8, clock())
    const began = time
    time += 10
    window.ended('congested', { began: time, among: 8 })
    time += 10
    for (let among = 7; among > 0; among--) window.ended('congested', { began, among })
    expect(window.width).toBe(4)
  })

  test('half of what was under way is half, however many there might have been', () => {
    const window = new UploadWindow(16, clock())
    window.ended('congested', { began: time, among: 4 })
    expect(window.width).toBe(2)
  })

  test('small uploads that wait for a far server are no sign of a crowd', () => {
    const window = new UploadWindow(16, clock())
    for (let i = 0; i < 50; i++) window.ended({ bytes: 1000, ms: 900 }, { began: time, among: 16 })
    expect(window.width).toBe(16)
  })
})

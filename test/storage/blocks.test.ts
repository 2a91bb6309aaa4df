import { randomBytes } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockSize } from '../../src/shared/release.ts'
import { inBlocks } from '../../src/storage/blocks.ts'

/** A stream that comes in pieces of these sizes, and what is in it. */
function streamOf(sizes: readonly number[]): { source: Readable; bytes: Buffer } {
  const pieces = sizes.map((size) => randomBytes(size))
  // The pieces themselves are released on the way.
  const source = Readable.from(
    pieces.map((piece) => Buffer.from(piece)),
    { objectMode: false },
  )
  return { source, bytes: Buffer.concat(pieces) }
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const blocks: Buffer[] = []
  for await (const block of source) blocks.push(block)
  return blocks
}

describe('a stream in blocks', () => {
  test('has the same bytes, however it comes and whatever length was expected', async () => {
    const size = fc.integer({ min: 1, max: blockSize * 1.5 })
    const length = fc.integer({ min: 0, max: blockSize * 4 })
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 5 }), length, async (sizes, expected) => {
        const { source, bytes } = streamOf(sizes)
        expect(Buffer.concat(await collect(inBlocks(source, expected))).equals(bytes)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  test('comes in full blocks and one with the rest, each with memory of its own', async () => {
    const pieces = Array.from({ length: 80 }, () => 16_321)
    const { source, bytes } = streamOf(pieces)
    const blocks = await collect(inBlocks(source, bytes.length))
    expect(blocks.map(({ length }) => length)).toEqual([
      ...Array<number>(4).fill(blockSize),
      bytes.length % blockSize,
    ])
    expect(blocks.map(({ buffer }) => buffer.byteLength)).toEqual(blocks.map(({ length }) => length))
  })

  test('gives what it has when nothing more comes for a while', async () => {
    const source = new PassThrough()
    const blocks = inBlocks(source, blockSize, 5)
    source.write('slowly')
    expect((await blocks.next()).value?.toString()).toBe('slowly')
    const next = blocks.next()
    source.end('and on')
    expect((await next).value?.toString()).toBe('and on')
    expect((await blocks.next()).done).toBe(true)
  })

  test('gives what came before an error, and then throws it', async () => {
    const source = new PassThrough()
    const blocks = inBlocks(source, blockSize)
    source.write('so far', () => source.destroy(new Error('the line is dead')))
    expect((await blocks.next()).value?.toString()).toBe('so far')
    await expect(blocks.next()).rejects.toThrow('the line is dead')
  })

  test('that ends before its end is an error', async () => {
    const source = new PassThrough()
    source.destroy()
    await expect(collect(inBlocks(source, 1))).rejects.toThrow('Premature close')
  })

  test('is not read further than about a block ahead', async () => {
    let given = 0
    const source = new Readable({
      highWaterMark: 16 * 1024,
      read() {
        given += 16 * 1024
        this.push(Buffer.alloc(16 * 1024))
      },
    })
    const blocks = inBlocks(source, Infinity)
    await blocks.next()
    await new Promise(setImmediate)
    expect(given).toBeLessThan(3 * blockSize)
    await blocks.return()
  })

  test('is closed when nobody wants the rest', async () => {
    const { source } = streamOf([blockSize, blockSize])
    for await (const _ of inBlocks(source, 2 * blockSize)) break
    expect(source.destroyed).toBe(true)
  })
})

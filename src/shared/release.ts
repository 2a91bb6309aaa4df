/** Bytes of the buffers that storages give what they read in: few enough to stay in a processor's cache. */
export const blockSize = 256 * 1024
/** A thread keeps so many at most, 2 MiB. */
const mostSpare = 8
const spare: ArrayBuffer[] = []

/**
 * Gives the memory of a buffer back at once, where it is the buffer's alone; its bytes are gone then. Left to the garbage
 * collector, which hardly sees memory outside of its heap, tens of megabytes of short-lived buffers pile up in each thread.
 */
export function release({ buffer, byteLength }: Uint8Array): void {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== byteLength) return
  if (byteLength === blockSize && spare.length < mostSpare) spare.push(buffer.transfer())
  else buffer.transfer(0)
}

/**
 * A buffer of a block's size or less, with whatever bytes. It is the memory of a released one, where there is one: the
 * system takes as long to hand out fresh memory as to copy a file's bytes into it.
 */
export function takeBlock(size: number): Buffer {
  const block = size === blockSize ? spare.pop() : undefined
  return block ? Buffer.from(block) : Buffer.allocUnsafeSlow(size)
}

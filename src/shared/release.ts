/**
 * Gives the memory of a buffer back at once, where it is the buffer's alone; its bytes are gone then. Left to the garbage
 * collector, which hardly sees memory outside of its heap, tens of megabytes of short-lived buffers pile up in each thread.
 */
export function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}

/*
 * CRC-32C (Castagnoli), which Cloud Storage has of every object and Node has not. Eight bytes at a time, because the one
 * in Google's client takes five times as long: more than hashing and encrypting the same bytes together.
 */
const reversedPolynomial = 0x82f63b78

/** Eight tables of 256: entry `n` of the k-th is the checksum of byte `n` followed by k zero bytes. */
const table = new Int32Array(8 * 256)
for (let n = 0; n < 256; n++) {
  let crc = n
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ reversedPolynomial : crc >>> 1
  table[n] = crc
}
for (let n = 256; n < table.length; n++) {
  const before = entry(n - 256)
  table[n] = entry(before & 0xff) ^ (before >>> 8)
}

function entry(index: number): number {
  return table[index] as number
}

/** The checksum of bytes that come in pieces. */
export class Crc32c {
  #crc = -1

  update(bytes: Uint8Array): this {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let crc = this.#crc
    let at = 0
    for (; at + 8 <= bytes.length; at += 8) {
      const low = view.getInt32(at, true) ^ crc
      const high = view.getInt32(at + 4, true)
      crc =
        entry(0x700 + (low & 0xff)) ^
        entry(0x600 + ((low >>> 8) & 0xff)) ^
        entry(0x500 + ((low >>> 16) & 0xff)) ^
        entry(0x400 + (low >>> 24)) ^
        entry(0x300 + (high & 0xff)) ^
        entry(0x200 + ((high >>> 8) & 0xff)) ^
        entry(0x100 + ((high >>> 16) & 0xff)) ^
        entry(high >>> 24)
    }
    for (; at < bytes.length; at++) crc = entry((crc ^ view.getUint8(at)) & 0xff) ^ (crc >>> 8)
    this.#crc = crc
    return this
  }

  /** As Cloud Storage writes it: four bytes, most significant first, in base64. */
  get base64(): string {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(~this.#crc)
    return bytes.toString('base64')
  }
}

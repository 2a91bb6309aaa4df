/** A content below this size goes into a pack: archive classes bill 40 KB and a request for each object. */
export const packedSizeLimit = 256 * 1024

/** A large file is read in pieces of this size, in bytes; two of them are in memory. */
export const pieceSize = 1024 * 1024

/** A content below this size whose upload was interrupted is simply sent again. */
export const resumedFrom = 64 * 1024 * 1024

import { release } from '../../shared/release.ts'
import type { LargeContent } from './largeUpload.ts'
import { MarkChecker } from './marks.ts'
import { UnstableFileError } from './readFailures.ts'

/**
 * The content's parts, each in memory and proved to be what it was when the marks were taken. So whoever encrypts them,
 * and as often as that is, never encrypts two plaintexts under one salt.
 * @param memory to read into; a part is gone when the next one is asked for.
 * @throws UnstableFileError | ReadFailure
 */
export async function* checkedParts(
  content: LargeContent,
  memory: Buffer,
): AsyncGenerator<Buffer, void, undefined> {
  const { size, partSize } = content
  const own = partSize > memory.length ? Buffer.allocUnsafeSlow(partSize) : undefined
  const checker = new MarkChecker(content)
  try {
    for (let position = 0; position < size; position += partSize) {
      const part = (own ?? memory).subarray(0, Math.min(partSize, size - position))
      await content.read(part, position)
      if (!checker.isNext(part)) throw new UnstableFileError()
      yield part
    }
  } finally {
    if (own) release(own)
  }
}

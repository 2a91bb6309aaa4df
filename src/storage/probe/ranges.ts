import { bytesOf } from './bytes.ts'
import type { TrialVerdict } from '../trial.ts'
import type { Site } from './site.ts'

/** Whether parts of an object can be read: its first byte, across the border of two parts, beyond its end. */
export async function tryRanges({ storage, found, call }: Site): Promise<TrialVerdict> {
  if (found.large === undefined) return { result: 'unknown', detail: 'no large object could be stored' }
  const { key, bytes } = found.large
  const border = storage.capabilities.partSize - 10
  for (const range of [
    { offset: 0, length: 1 },
    { offset: border, length: 20 },
    { offset: bytes.length - 5, length: 100 },
  ]) {
    const expected = bytes.subarray(range.offset, range.offset + range.length)
    const given = await bytesOf(storage.read(key, { ...call, range }), expected.length)
    if (given.equals(expected)) continue
    return {
      result: 'bad',
      detail: `bytes ${range.offset} to ${range.offset + range.length - 1} came back as something else`,
      remedy: 'Restoring single files needs them. Look for a cache or a proxy that answers in its place.',
    }
  }
  return { result: 'good', detail: 'parts of an object can be read' }
}

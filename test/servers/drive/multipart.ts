import { invalid } from './errors.ts'

/** The JSON and the bytes in a `multipart/related` body. @throws DriveRefusal when it is none of two parts. */
export function parseMultipart(
  contentType: string,
  body: Buffer,
): { metadata: unknown; media: { type: string; bytes: Buffer } } {
  const boundary = /^multipart\/related; *boundary="?([^"]+)"?$/.exec(contentType)?.[1]
  if (boundary === undefined) throw invalid('Missing or malformed multipart boundary.')
  const parts = partsBetween(body, Buffer.from(`--${boundary}`))
  const [metadata, media] = parts
  if (parts.length !== 2 || !metadata || !media) throw invalid('Malformed multipart body.')
  return { metadata: JSON.parse(metadata.bytes.toString()), media }
}

function partsBetween(body: Buffer, delimiter: Buffer): { type: string; bytes: Buffer }[] {
  const parts: { type: string; bytes: Buffer }[] = []
  let start = body.indexOf(delimiter)
  for (;;) {
    const end = body.indexOf(delimiter, start + delimiter.length)
    if (end === -1) return parts
    // A part stands between the line end after one delimiter and that before the next.
    const part = body.subarray(start + delimiter.length + 2, end - 2)
    const head = part.indexOf('\r\n\r\n')
    const type = /^content-type: *(.+)$/im.exec(part.subarray(0, head).toString())?.[1] ?? ''
    parts.push({ type, bytes: part.subarray(head + 4) })
    start = end
  }
}

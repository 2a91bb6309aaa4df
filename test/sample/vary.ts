import { type Media, type Photo, placeholderDate } from './media.ts'

/** A photo of its own: taken at `takenAt` (UTC), with `note` as a JPEG comment. Still a valid JPEG. */
export function photoOf({ jpeg }: Photo, takenAt: Date, note: string): Buffer {
  const at = jpeg.indexOf(placeholderDate)
  if (at < 0) throw new Error('the photo has no date to replace')
  const dated = Buffer.from(jpeg)
  dated.write(exifDate(takenAt), at, 'latin1')
  return withComment(dated, note)
}

/** A motion photo as phones write it: the still picture, and the video right behind it. */
export function motionPhotoOf({ motionPhoto }: Media, takenAt: Date, video: Buffer): Buffer {
  return Buffer.concat([photoOf(motionPhoto, takenAt, 'motion photo'), video])
}

/** A video of its own: made at `takenAt`, with `filling` in a box that players skip. */
export function videoOf(mp4: Buffer, takenAt: Date, filling: Buffer): Buffer {
  const dated = Buffer.from(mp4)
  // Movie, track and media headers, version 0: type, version and flags, then creation and modification time.
  for (const header of ['mvhd', 'tkhd', 'mdhd']) {
    const at = dated.indexOf(header)
    if (at < 0 || dated.readUInt8(at + 4) !== 0)
      throw new Error(`the video has no ${header} box of version 0`)
    dated.writeUInt32BE(secondsSince1904(takenAt), at + 8)
    dated.writeUInt32BE(secondsSince1904(takenAt), at + 12)
  }
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + filling.length)
  head.write('free', 4, 'latin1')
  return Buffer.concat([dated, head, filling])
}

/** A JPEG with one more comment, just before its end. */
export function withComment(jpeg: Buffer, comment: string): Buffer {
  const text = Buffer.from(comment)
  const segment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), text])
  segment.writeUInt16BE(text.length + 2, 2)
  return Buffer.concat([jpeg.subarray(0, -2), segment, jpeg.subarray(-2)])
}

function exifDate(date: Date): string {
  return date.toISOString().slice(0, 19).replaceAll('-', ':').replace('T', ' ')
}

function secondsSince1904(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(1904, 0, 1)) / 1000)
}

/** A text of so many bytes of UTF-8 at most; what is cut off is told by three dots. */
export function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  let room = bytes - 3
  let end = 0
  for (const character of text) {
    room -= Buffer.byteLength(character)
    if (room < 0) break
    end += character.length
  }
  return `${text.slice(0, end)}...`
}

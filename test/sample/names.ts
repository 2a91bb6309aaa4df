/**
 * File names that people really have, and that programs stumble over. Each is tried as the name of a photo with a
 * row in the database, so all are valid Unicode.
 */
export const awkwardNames: readonly string[] = [
  'Summer at the lake.jpg',
  ' spaces around .jpg ',
  '🏔️ summit 👩‍👩‍👧.jpg',
  // The same word composed and decomposed: two files.
  'Café.jpg'.normalize('NFC'),
  'Café.jpg'.normalize('NFD'),
  // The same but for case: two files.
  'IMG_0001.jpg',
  'img_0001.JPG',
  `it's "quoted".jpg`,
  'two\nlines.jpg',
  'tab\tand back\\slash.jpg',
  '-rf --help.jpg',
  '100% *[a]?{b,c} $HOME `id` #1 & <2>;.jpg',
  'הר בשלג.jpg',
  '.hidden.jpg',
  longName(),
]

/** A name that is no UTF-8, in the form of bytePath.ts: Latin-1's `café.jpg`. No database can hold it. */
export const nameThatIsNoText = 'caf\udce9.jpg'

/** 200 bytes, of characters of one to four bytes. */
function longName(): string {
  const extension = '.jpg'
  let name = ''
  while (Buffer.byteLength(name) <= 200 - extension.length - 10) name += 'a∑é🌄'
  return name.padEnd(name.length + 200 - extension.length - Buffer.byteLength(name), '-') + extension
}

import { chmodSync, chownSync, lutimesSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chunkSize } from '../../../src/crypto/cobblestone.ts'
import { Random } from '../../support/random.ts'

/** Names that a file system takes and programs stumble over; the last one is no UTF-8. */
const oddNames = [
  'with space',
  'new\nline',
  'qu\'ote"s',
  '-rf',
  'e\u0301 is not \u00e9',
  '\u{1F4F7}.jpg',
  `${'n'.repeat(251)}.jpg`,
].map((name) => Buffer.from(name))
oddNames.push(Buffer.from([0x66, 0xff, 0xfe, 0x2e, 0x6a]))

/**
 * A small media root with everything that is hard to bring back: odd names, modes, owners, times, links, folders that
 * nobody may write to, contents at the edges of a chunk, and contents that are there more than once.
 */
export function makeOddLibrary(root: string, seed = 1): void {
  const random = new Random(seed)
  for (const folder of ['library', 'upload', 'profile']) mkdirSync(join(root, folder), { recursive: true })
  for (const [i, name] of oddNames.entries()) {
    write(Buffer.concat([Buffer.from(`${root}/library/`), name]), random.bytes(100 + i))
  }
  for (const size of [0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 300_000, 20 * chunkSize, 3_000_001]) {
    write(join(root, 'upload', `${size}.bin`), random.bytes(size))
  }
  const photo = random.bytes(700_000)
  const sidecar = random.bytes(700)
  for (const name of ['one', 'two', 'three']) {
    write(join(root, 'library', `${name}.jpg`), photo)
    write(join(root, 'library', `${name}.jpg.xmp`), sidecar, 0o600)
  }
  mkdirSync(join(root, 'profile', 'empty'))
  mkdirSync(join(root, 'profile', 'closed'))
  write(join(root, 'profile', 'closed', 'secret'), random.bytes(50), 0o400)
  write(join(root, 'profile', 'program'), random.bytes(50), 0o4755)
  if (process.getuid?.() === 0) chownSync(join(root, 'profile', 'empty'), 1234, 5678)
  symlinkSync('one.jpg', join(root, 'library', 'link'))
  symlinkSync('/nowhere/at all', join(root, 'library', 'dangling'))
  symlinkSync('closed', join(root, 'profile', 'folder link'))
  ageAll(root, random)
  chmodSync(join(root, 'profile', 'closed'), 0o555)
  chmodSync(join(root, 'profile', 'empty'), 0o2750)
}

function write(path: string | Buffer, bytes: Uint8Array, mode = 0o644): void {
  writeFileSync(path, bytes)
  chmodSync(path, mode)
}

/** Times of all kinds, whole microseconds, which is what can be restored. */
function ageAll(root: string, random: Random): void {
  const time = (): number => 1_000_000_000 + random.integer(0, 700_000_000) + random.integer(0, 999_999) / 1e6
  for (const name of ['two.jpg', 'three.jpg.xmp', 'with space']) {
    utimesSync(join(root, 'library', name), time(), time())
  }
  utimesSync(join(root, 'upload', '1.bin'), 1.5, 1.5)
  // Written out, because Node takes a negative number for now.
  for (const name of ['one.jpg', 'dangling'])
    lutimesSync(join(root, 'library', name), '-500000000.25', '-0.5')
  utimesSync(join(root, 'upload', '0.bin'), '-86400.25', '-86400.25')
  lutimesSync(join(root, 'library', 'link'), time(), time())
  for (const folder of ['profile/empty', 'profile/closed', 'profile', 'library', 'upload']) {
    utimesSync(join(root, folder), time(), time())
  }
}

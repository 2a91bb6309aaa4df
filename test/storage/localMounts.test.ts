import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { findUnmounted, unmountedAbove } from '../../src/storage/local/mounts.ts'

const fstab = `
# <file system> <mount point> <type> <options> <dump> <pass>
UUID=1 /            ext4 defaults 0 1
UUID=2 /mnt/usb     ext4 defaults,nofail 0 2
UUID=3 /mnt/usb/in\\040it/ ext4 noauto 0 2
UUID=4 none         swap sw 0 0
# UUID=5 /mnt/old   ext4 defaults 0 2
nas:/x /mnt/nas     nfs  x-systemd.automount 0 0
`

/** As the kernel writes them: the mount point is the fifth field. */
function mountinfo(...points: string[]): string {
  return points.map((point, n) => `${n} 1 8:1 / ${point} rw,relatime - ext4 /dev/sda1 rw\n`).join('')
}

function escaped(path: string): string {
  return path.replaceAll(/[ \t\n\\]/g, (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

test.each([
  ['/mnt/usb', '/mnt/usb'],
  ['/mnt/usb/vault', '/mnt/usb'],
  ['/mnt/usb/in it/vault', '/mnt/usb/in it'],
  ['/mnt/usbstick', undefined],
  ['/mnt/old', undefined],
  ['/srv/vault', undefined],
  ['/', undefined],
])('a vault at %s would lie on the disk that is not mounted at %s', (path, point) => {
  expect(findUnmounted(path, fstab, mountinfo('/', '/proc'))).toBe(point)
})

test('a disk that is mounted is fine, whatever lies around it', () => {
  expect(findUnmounted('/mnt/usb/vault', fstab, mountinfo('/', '/mnt/usb'))).toBeUndefined()
  const inner = mountinfo('/', '/mnt/usb/in\\040it')
  expect(findUnmounted('/mnt/usb/in it/vault', fstab, inner)).toBeUndefined()
  expect(findUnmounted('/mnt/usb/in it', fstab, mountinfo('/', '/mnt/usb'))).toBe('/mnt/usb/in it')
})

test('whatever a path looks like, it is found again in both files', () => {
  const path = fc.stringMatching(/^(\/[a-z \t\n\\#.]{1,5}){1,3}$/)
  fc.assert(
    fc.property(path, (point) => {
      const line = `/dev/sdb1 ${escaped(point)} ext4 defaults 0 2`
      expect(findUnmounted(`${point}/x`, line, mountinfo('/'))).toBe(point)
      expect(findUnmounted(`${point}/x`, line, mountinfo('/', escaped(point)))).toBeUndefined()
    }),
  )
})

test('what this machine has mounted at its root is mounted', async () => {
  expect(await unmountedAbove('/')).toBeUndefined()
})

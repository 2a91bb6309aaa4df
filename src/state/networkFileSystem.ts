import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from '../shared/errors.ts'

/** What statfs(2) says of file systems that lie on another machine; see its manual page and linux/magic.h. */
const networkTypes: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x00c36400, 'CephFS'],
  [0x5346414f, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0x0bd00bd0, 'Lustre'],
  [0x19830326, 'BeeGFS'],
])

const fuse = 0x65735546

/** FUSE has one number for all; these of them reach over the network. */
const networkFuse =
  /^fuse\.(sshfs|rclone|s3fs|s3ql|gcsfuse|goofys|geesefs|mount-s3|blobfuse2?|davfs2?|curlftpfs|glusterfs|ceph(-fuse)?|juicefs|JuiceFS|seaweedfs|weed|nfs-ganesha|smbnetfs|google-drive-ocamlfuse|onedriver|lizardfs|mfs|moosefs)/

/**
 * The kind of network file system that a folder is on; undefined on a local one. SQLite's log needs memory that all
 * processes share, and locks that hold: over a network there is neither (sqlite.org/wal.html).
 * @param folder need not exist: then its nearest existing parent counts.
 */
export function networkFileSystem(folder: string): string | undefined {
  const place = existing(folder)
  // On 32-bit systems the number is signed.
  const type = statfsSync(place).type >>> 0
  if (type !== fuse) return networkTypes.get(type)
  const mounted = fuseTypeOf(statSync(place).dev, mountinfo())
  return mounted !== undefined && networkFuse.test(mounted) ? mounted : undefined
}

/**
 * The file system type of the mount with this device number: `fuse.sshfs`.
 * @param mountinfo the text of /proc/self/mountinfo, as proc_pid_mountinfo(5) describes it.
 */
export function fuseTypeOf(device: number, mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [own = '', rest = ''] = line.split(' - ')
    const [major, minor] = (own.split(' ')[2] ?? '').split(':').map(Number)
    if (major !== undefined && minor !== undefined && deviceNumber(major, minor) === device)
      return rest.split(' ')[0]
  }
  return undefined
}

/** As glibc's makedev(3) has it, for numbers that fit into 32 bits; FUSE's major number is 0. */
function deviceNumber(major: number, minor: number): number {
  return major * 256 + (minor % 256) + Math.floor(minor / 256) * 2 ** 20
}

function mountinfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ''
    throw error
  }
}

function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path))
}

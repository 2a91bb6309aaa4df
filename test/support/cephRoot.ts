import { cachedPackages } from './debian.ts'

/** Debian's suites with a Ceph that serves here: 20.2, and 18.2, which knows less of S3. */
export type CephSuite = 'forky' | 'trixie'

/**
 * Path of a folder with a complete radosgw in it, which Ceph's S3 server runs in. Takes about 30 s and 570 MB the first
 * time.
 * @throws Error that says what is missing on this machine.
 */
export async function cephRoot(suite: CephSuite): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error('the S3 server of the tests needs root: it runs in a chroot')
  const packages = [
    'radosgw',
    'ceph-mon',
    'ceph-osd',
    'ceph-common',
    'coreutils',
    'bash',
    'sed',
    'grep',
    'libc-bin',
  ]
  return await cachedPackages(`ceph-${suite}`, { suite, packages, variant: 'extract' })
}

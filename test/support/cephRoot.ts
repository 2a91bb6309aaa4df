/*
 * The folder that Ceph's S3 server runs in: Debian's own packages, unpacked once into the user's cache and kept there.
 */
import { access, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { exec } from './exec.ts'

/** Debian's suites with a Ceph that serves here: 20.2, and 18.2, which knows less of S3. */
export type CephSuite = 'forky' | 'trixie'

const packages = 'radosgw,ceph-mon,ceph-osd,ceph-common,coreutils,bash,sed,grep,libc-bin'

/** Where large test parts are kept between runs, outside the checkout. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'safelight')
}

/**
 * Path of a folder with a complete radosgw in it. Takes about 30 s and 570 MB the first time. Safe to call from several
 * processes at once: a file lock lets one unpack while the others wait, and a rename makes the folder appear whole.
 * @throws Error that says what is missing on this machine.
 */
export async function cephRoot(suite: CephSuite): Promise<string> {
  const root = join(cacheFolder(), `ceph-${suite}`)
  if (await exists(join(root, 'usr/bin/radosgw'))) return root
  if (process.getuid?.() !== 0) throw new Error('the S3 server of the tests needs root: it runs in a chroot')
  await requireCommand('mmdebstrap')
  await mkdir(cacheFolder(), { recursive: true })
  const command = [`${root}.lock`, 'sh', '-euc', unpackScript, 'unpack', root, await debianMirror(), suite]
  await exec('flock', command, { timeout: 15 * 60_000 })
  return root
}

// Expired release files are accepted: a frozen copy of the suite serves as well.
const unpackScript = `
[ -x "$1/usr/bin/radosgw" ] && exit 0
rm -rf -- "$1.partial"
mmdebstrap --quiet --variant=extract --aptopt='Acquire::Check-Valid-Until "false"' \\
  --include=${packages} "$3" "$1.partial" "$2"
mv -- "$1.partial" "$1"
`

/** The mirror that this machine installs Debian packages from. */
async function debianMirror(): Promise<string> {
  const sites = await exec('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'])
  const mirror = sites.split('\n').find((line) => /\/debian\/?$/.test(line))
  if (mirror === undefined)
    throw new Error('apt knows no Debian mirror to take the S3 server of the tests from')
  return mirror
}

async function requireCommand(name: string): Promise<void> {
  try {
    await exec('sh', ['-c', 'command -v "$1"', 'sh', name])
  } catch (cause) {
    throw new Error(`the S3 server of the tests needs ${name}: apt-get install ${name}`, { cause })
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

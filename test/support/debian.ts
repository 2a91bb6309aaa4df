/*
 * Large parts of the tests are Debian's own packages: fetched once into the user's cache, and kept there, outside of the
 * checkout.
 */
import { access, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { exec } from './exec.ts'

interface Packages {
  suite: string
  /** They come with all that they depend on. */
  packages: readonly string[]
  /** `extract` gives a folder with the files of the packages; `minbase` gives a tar archive of a Debian that works. */
  variant: 'extract' | 'minbase'
  /** Further options of mmdebstrap. */
  options?: readonly string[]
}

/**
 * Where Debian packages lie in the cache. The first time they are put there.
 * @param name what it is called in the cache; another one for other packages.
 * @throws Error that says what is missing on this machine.
 */
export async function cachedPackages(name: string, wanted: Packages): Promise<string> {
  return await cached(name, async (path) => {
    await requireCommand('mmdebstrap')
    const { suite, packages, variant, options = [] } = wanted
    const format = variant === 'extract' ? 'directory' : 'tar'
    const command = ['mmdebstrap', '--quiet', `--variant=${variant}`, `--format=${format}`]
    // Expired release files are accepted: a frozen copy of the suite serves as well.
    const all = [...command, '--aptopt=Acquire::Check-Valid-Until "false"', ...options]
    const include = packages.length > 0 ? [`--include=${packages.join(',')}`] : []
    return [...all, ...include, suite, path, await debianMirror()]
  })
}

/**
 * A file or folder in the user's cache. The first time a command makes it. Safe to call from several processes at once: a
 * file lock lets one work while the others wait, and a rename makes the result appear whole.
 * @param name what it is called in the cache.
 * @param command gives the command, word by word, that makes it at a path.
 * @param minutes how long that may take.
 */
export async function cached(
  name: string,
  command: (path: string) => Promise<readonly string[]>,
  minutes = 15,
): Promise<string> {
  const path = join(cacheFolder(), name)
  if (await exists(path)) return path
  const made = await command(`${path}.partial`)
  await mkdir(cacheFolder(), { recursive: true })
  await exec('flock', [`${path}.lock`, 'sh', '-euc', onceScript, 'once', path, ...made], {
    timeout: minutes * 60_000,
  })
  return path
}

const onceScript = `
path=$1
shift
[ -e "$path" ] && exit 0
rm -rf -- "$path.partial"
"$@"
mv -- "$path.partial" "$path"
`

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'safelight')
}

/** The mirror that this machine installs Debian packages from. */
async function debianMirror(): Promise<string> {
  const sites = await exec('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'])
  const mirror = sites.split('\n').find((line) => /\/debian\/?$/.test(line))
  if (mirror === undefined) throw new Error('apt knows no Debian mirror to take parts of the tests from')
  return mirror
}

async function requireCommand(name: string): Promise<void> {
  try {
    await exec('sh', ['-c', 'command -v "$1"', 'sh', name])
  } catch (cause) {
    throw new Error(`the tests need ${name}: apt-get install ${name}`, { cause })
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

import { readFile } from 'node:fs/promises'
import { errorCode } from '../../shared/errors.ts'

/**
 * The mount point at or above a folder where /etc/fstab has a disk and nothing is mounted; undefined when there is none,
 * and on systems that have no such file.
 * @param path absolute, without symbolic links.
 */
export async function unmountedAbove(path: string): Promise<string | undefined> {
  const [fstab, mountinfo] = await Promise.all([textOf('/etc/fstab'), textOf('/proc/self/mountinfo')])
  if (fstab === undefined || mountinfo === undefined) return undefined
  return findUnmounted(path, fstab, mountinfo)
}

/** The same from the texts of the two files, as fstab(5) and proc_pid_mountinfo(5) describe them. */
export function findUnmounted(path: string, fstab: string, mountinfo: string): string | undefined {
  const wanted = linesOf(fstab)
    .filter((line) => !line.startsWith('#'))
    .map((line) => unescaped(line.split(/\s+/)[1] ?? ''))
    .map((point) => point.replace(/(?<=.)\/+$/, ''))
    .filter((point) => point.startsWith('/') && (path === point || path.startsWith(`${point}/`)))
    .sort((one, other) => other.length - one.length)
  const mounted = new Set(linesOf(mountinfo).map((line) => unescaped(line.split(' ')[4] ?? '')))
  const [deepest] = wanted
  return deepest === undefined || mounted.has(deepest) ? undefined : deepest
}

function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.trim())
}

/** Both files write spaces, tabs, newlines and backslashes as octal numbers. */
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

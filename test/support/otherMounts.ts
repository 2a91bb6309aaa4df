import { exec } from './exec.ts'

/**
 * Evaluates an expression of TypeScript's modules in a process with file systems of its own.
 * @param mounts shell commands that change what is mounted, for that process alone.
 * @param module from `src/`, bound to `module` in the expression.
 * @returns the message of what the expression throws.
 */
export async function failureAmong(mounts: string, module: string, expression: string): Promise<string> {
  const url = JSON.stringify(new URL(`../../src/${module}`, import.meta.url))
  const script = `const module = await import(${url}); try { await (${expression}) } catch (e) { console.log(e.message) }`
  const run = `${mounts}; PATH=/nonexistent exec "$0" --input-type=module -e "$1"`
  return await exec('unshare', ['--mount', 'sh', '-ec', run, process.execPath, script])
}

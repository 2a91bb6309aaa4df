import { chmod, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A stand-in for 1Password's `op`, of which it knows `op read`, in version 2's words. */
export interface OnePassword extends AsyncDisposable {
  /** What a program needs to find it, and to be signed in. */
  env: { PATH: string; OP_SERVICE_ACCOUNT_TOKEN: string }
  /** The arguments of every call so far. */
  calls(): Promise<string[]>
}

/** @param fields secrets by reference. */
export async function standInOnePassword(fields: Readonly<Record<string, string>>): Promise<OnePassword> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'safelight-op-'))
  const token = 'ops_the-token-of-a-service-account'
  const calls = join(folder.path, 'calls')
  await writeFile(calls, '')
  await writeFile(join(folder.path, 'op'), script(fields, { token, calls }))
  await chmod(join(folder.path, 'op'), 0o755)
  return {
    env: { PATH: `${folder.path}:${process.env['PATH']}`, OP_SERVICE_ACCOUNT_TOKEN: token },
    calls: async () => (await readFile(calls, 'utf8')).split('\n').filter((line) => line !== ''),
    [Symbol.asyncDispose]: () => folder.remove(),
  }
}

function script(
  fields: Readonly<Record<string, string>>,
  { token, calls }: { token: string; calls: string },
) {
  const known = Object.entries(fields).map(
    ([reference, secret]) => `  ${quoted(reference)}) printf %s ${quoted(secret)} ;;`,
  )
  return `#!/bin/sh
echo "$*" >> ${quoted(calls)}
fail() { echo "[ERROR] 2026/11/21 09:05:22 $1" >&2; exit 1; }
[ "$1" = read ] || fail "unknown command \\"$1\\" for \\"op\\""
shift
newline='\\n'
[ "$1" = --no-newline ] && { newline=''; shift; }
case "$OP_SERVICE_ACCOUNT_TOKEN" in
  '') echo 'No accounts configured for use with 1Password CLI.' >&2
      fail "could not read secret '$1': error initializing client: account is not signed in" ;;
  ${quoted(token)}) ;;
  *) fail "could not read secret '$1': error initializing client: $OP_SERVICE_ACCOUNT_TOKEN is no token" ;;
esac
case "$1" in
${known.join('\n')}
  op://slow/*) exec sleep 60 ;;
  op://Backup/*/*) item="\${1#op://Backup/}"; item="\${item%%/*}"
      fail "could not read secret '$1': could not get item Backup/$item: \\"$item\\" isn't an item in the \\"Backup\\" vault. Specify the item with its UUID, name, or domain." ;;
  *) vault="\${1#op://}"; vault="\${vault%%/*}"
      fail "could not read secret '$1': could not get item: \\"$vault\\" isn't a vault in this account. Specify the vault with its ID or name." ;;
esac
printf "$newline"
`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

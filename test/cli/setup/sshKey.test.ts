import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newSshKey } from '../../../src/cli/setup/sshKey.ts'
import { exec } from '../../support/exec.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'

test('ssh-keygen reads a new key, and finds the same public half in it', async () => {
  await using folder = await temporaryFolder()
  for (let i = 0; i < 5; i++) {
    const { privateKey, publicKey } = newSshKey('safelight')
    const file = join(folder.path, `key${i}`)
    await writeFile(file, privateKey, { mode: 0o600 })
    expect((await exec('ssh-keygen', ['-y', '-f', file])).trim()).toBe(publicKey)
  }
})

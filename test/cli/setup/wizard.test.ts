import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createBucket } from '../../support/bucket.ts'
import { s3Server } from '../../support/s3Server.ts'
import { startSshServer } from '../../support/sshServer.ts'
import { setupPlace, type SetupPlace } from './place.ts'
import { clear, controlC, enter, type Step, typeInto } from './typist.ts'

const state = (place: SetupPlace) => ({ XDG_STATE_HOME: join(place.path, 'state') })

/** Every question of a first set-up on a disk, in order, with what a person in a hurry types. */
const questions: readonly Step[] = [
  ['Where shall the backups be kept?', enter],
  ['What shall this destination be called?', enter],
  ["Where is Immich's library?", enter],
  ["What is the URL of Immich's database?", `none${enter}`],
  ['In which folder shall the backups lie?', `mnt/vault${enter}`],
  ['Where shall secrets be kept?', enter],
  ['Shall a passphrase protect the identity?', enter],
  ['Shall it be set up so?', enter],
  ['Is a copy of the identity kept away from this machine?', 'y'],
]

test('Enter, a folder, and a yes are enough', async () => {
  await using place = await setupPlace()
  await mkdir(join(place.path, 'mnt'))
  const { exitCode, stdout, stderr } = await typeInto(['setup'], {
    cwd: place.path,
    env: state(place),
    steps: questions,
  })
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('5 files, 18 B')])
  expect(stdout).toContain('Safelight recovery sheet')
  expect(stdout).toContain('all the same')
  const identity = join(place.path, 'identity.txt')
  expect((await stat(identity)).mode & 0o777).toBe(0o600)
  expect(stdout + stderr).not.toContain('AGE-SECRET-KEY')
  expect(await readFile(identity, 'utf8')).toContain('AGE-SECRET-KEY')
  const config = await place.config()
  expect(config).toContain("# Immich's media root")
  expect(parse(config)).toMatchObject({ identity: 'file:identity.txt', database: false })
})

test.each(questions.map(([question], i) => [question, i] as const))(
  'giving up at "%s" leaves nothing',
  async (_question, index) => {
    await using place = await setupPlace()
    await mkdir(join(place.path, 'mnt'))
    const steps = questions.map(([shown, typed], i): Step => [shown, i === index ? controlC : typed])
    const { exitCode, stderr } = await typeInto(['setup'], {
      cwd: place.path,
      env: state(place),
      steps: steps.slice(0, index + 1),
    })
    expect(exitCode).toBe(130)
    expect(stderr).toContain('interrupted')
    expect(await place.files()).toEqual(['mnt'])
  },
)

test('whoever did not save the identity has none, and no vault', async () => {
  await using place = await setupPlace()
  await mkdir(join(place.path, 'mnt'))
  const steps = questions.map(([shown, typed]): Step => [shown, typed === 'y' ? 'n' : typed])
  const { exitCode, stderr } = await typeInto(['setup'], { cwd: place.path, env: state(place), steps })
  expect(exitCode).toBe(1)
  expect(stderr).toContain('nothing was set up')
  expect(stderr).toContain('Save the identity first')
  expect(await place.files()).toEqual(['mnt'])
})

test('an answer that can not be is told, and asked for again', async () => {
  await using place = await setupPlace()
  await mkdir(join(place.path, 'mnt'))
  const { exitCode } = await typeInto(['setup', 'local', '--database', 'none', '--secrets', 'files'], {
    cwd: place.path,
    env: state(place),
    steps: [
      ['called?', `${clear}My Disk${enter}`],
      ['lower-case letters', `${clear}disk${enter}`],
      ["Where is Immich's library?", `${clear}mnt${enter}`],
      ['holds none of library', `${clear}immich-app/library${enter}`],
      ['backups lie?', `no/where${enter}`],
      ['there is no folder', `${clear}immich-app/library/vault${enter}`],
      ['lies inside the library', ''],
      ['backups lie?', `mnt/vault${enter}`],
      ['passphrase', enter],
      ['set up so?', enter],
      ['kept away', 'y'],
    ],
  })
  expect(exitCode).toBe(0)
})

test('secrets that are typed do not show, and lie in files that only their owner reads', async () => {
  const server = await s3Server()
  await using bucket = await createBucket(server)
  await using place = await setupPlace()
  const args = ['--provider', 'ceph', '--endpoint', server.endpoint, '--prefix', '']
  const { exitCode, stdout, stderr } = await typeInto(['setup', 's3', '--database', 'none', ...args], {
    cwd: place.path,
    env: state(place),
    steps: [
      ['called?', enter],
      ["Immich's library?", enter],
      ['secrets be kept?', enter],
      ['bucket called?', `${bucket.name}${enter}`],
      ['id of the access key?', `${server.accessKeyId}${enter}`],
      ['secret of the access key?', `${server.secretAccessKey}${enter}`],
      ['passphrase', `\u001b[B${enter}`],
      ['set up so?', enter],
      ['kept away', 'y'],
    ],
  })
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining(server.secretAccessKey)])
  const config = await place.config()
  expect(parse(config)).toMatchObject({
    identity: 'file:identity.age',
    passphrase: 'file:secrets/encryption-password',
    destinations: [
      {
        credentials: {
          accessKeyId: 'file:secrets/cloud-application-key-id',
          secretAccessKey: 'file:secrets/cloud-application-key',
        },
      },
    ],
  })
  const passphrase = await readFile(join(place.path, 'secrets/encryption-password'), 'utf8')
  expect(passphrase).toMatch(/^[\w-]{32}\n$/)
  for (const name of ['encryption-password', 'cloud-application-key']) {
    expect((await stat(join(place.path, 'secrets', name))).mode & 0o777).toBe(0o600)
  }
  for (const secret of [passphrase.trim(), server.secretAccessKey]) {
    expect([stdout, stderr, config].join('\n')).not.toContain(secret)
  }
})

test('run again, it edits what is there, adds to it, and leaves comments alone', async () => {
  await using place = await setupPlace()
  await mkdir(join(place.path, 'mnt'))
  await place.setUp(['local', '--path', 'mnt/vault'])
  const file = join(place.path, 'safelight.yaml')
  const first = `# mine\n${(await place.config()).replace('    path:', '    limits: { upload: 1MB/s } # slowly\n    path:')}`
  await writeFile(file, first)
  const { exitCode, stdout, stderr } = await typeInto(['setup', 'local'], {
    cwd: place.path,
    env: state(place),
    steps: [
      ['called?', `${clear}usb${enter}`],
      ['backups lie?', `mnt/usb${enter}`],
      ['set up so?', enter],
    ],
  })
  expect([exitCode, stderr]).toEqual([0, expect.anything()])
  const added = `  - name: usb\n    type: local\n    path: ${place.path}/mnt/usb\n`
  expect((await place.config()).replace(/ {4}vault: .*\n/, '')).toBe(first.replace(/^(?=vault: )/m, added))

  const again = await place.setUp(['local', '--name', 'usb', '--path', 'mnt/usb'])
  expect([again.exitCode, again.stdout]).toEqual([
    0,
    expect.stringContaining('is there already, and is yours'),
  ])
  expect(stdout).toContain('all the same')
  const moved = await place.setUp(['local', '--name', 'disk', '--path', 'mnt/elsewhere'])
  expect(moved.exitCode).not.toBe(0)
  expect(moved.stderr).toContain('there is no vault at')
})

test('nobody is asked where nobody is', async () => {
  await using place = await setupPlace()
  const { exitCode, stderr } = await place.run(['setup', 'local', '--path', 'vault'])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('nobody is here to be asked')
  const noType = await place.setUp([])
  expect(noType.stderr).toContain('the type of the destination is needed')
  const unsaved = await place.run(['setup', 'local', '--path', 'vault', '--database', 'none', '--yes'])
  expect(unsaved.stderr).toContain('--identity-saved is needed')
  const nowhere = await place.run(['setup', 'local', '--config', 'no/such/safelight.yaml', '--yes'])
  expect([nowhere.exitCode, nowhere.stderr]).toEqual([1, expect.stringContaining('for the configuration')])
  expect(await place.files()).toEqual([])
})

test('a set-up that ended half-way goes on, and a vault that is there is taken over', async () => {
  await using place = await setupPlace()
  await mkdir(join(place.path, 'mnt'))
  await place.setUp(['local', '--path', 'mnt/vault'])
  const file = join(place.path, 'safelight.yaml')
  const pinned = await place.config()
  await writeFile(file, pinned.replace(/^vault: .*\n/m, ''))
  const again = await place.setUp(['local'])
  expect(again.stdout).toContain('is there already, and is yours')
  expect(again.stderr).toContain('The first backup')
  expect(await place.config()).toBe(pinned)
  expect((await place.setUp(['local'])).stderr).toContain('The next backup')

  await rm(join(place.path, 'mnt/vault'), { recursive: true })
  const emptied = await place.setUp(['local'])
  expect([emptied.exitCode, emptied.stderr]).toEqual([1, expect.stringContaining('there is no vault at')])
  await writeFile(file, pinned.replace(/^vault: .*\n/m, ''))
  const anew = await place.setUp(['local'])
  expect(anew.stdout).toContain('Safelight recovery sheet')
})

test('variables that a person sets are shown once, and are written nowhere', async () => {
  await using place = await setupPlace()
  await mkdir(join(place.path, 'mnt'))
  const args = ['setup', 'local', '--path', 'mnt/vault', '--database', 'none', '--secrets', 'env']
  const { exitCode, stdout, stderr } = await typeInto([...args, '--passphrase', 'none'], {
    cwd: place.path,
    env: state(place),
    steps: [
      ['called?', enter],
      ["Immich's library?", enter],
      ['set up so?', enter],
      ['kept away', 'y'],
    ],
  })
  const [, identity = ''] = /SAFELIGHT_IDENTITY=(AGE-SECRET-KEY-1\w+)/.exec(stderr) ?? []
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('Set these variables')])
  expect(stdout + (await place.config())).not.toContain('AGE-SECRET-KEY')
  const checked = await place.run(['check', 'disk', '--json'], { SAFELIGHT_IDENTITY: identity })
  expect(checked.stdout).toContain('the identity opens it')

  const alone = await place.run([...args, '--name', 'usb', '--yes', '--config', 'other.yaml'])
  expect(alone.stderr).toContain('--identity is needed')
})

test("the remotes that rclone knows, and a server's host key, are offered", async () => {
  await using place = await setupPlace()
  await using server = await startSshServer()
  const { options } = await server.folder()
  await writeFile(join(place.path, 'rclone.conf'), `[disk]\ntype = alias\nremote = ${place.path}/remote\n`)
  const common = { cwd: place.path, env: state(place) }
  const rclone = await typeInto(['setup', 'rclone', '--rclone-config', 'rclone.conf', '--database', 'none'], {
    ...common,
    steps: [
      ['called?', enter],
      ["Immich's library?", enter],
      ['rclone knows: disk:', ''],
      ['Which remote', enter],
      ['secrets be kept?', enter],
      ["password of rclone's configuration?", enter],
      ['passphrase protect', enter],
      ['set up so?', enter],
      ['kept away', 'y'],
    ],
  })
  expect([rclone.exitCode, rclone.stderr]).toEqual([0, expect.anything()])
  const where = ['--host', options.host, '--port', `${options.port}`, '--user', options.user]
  const sftp = await typeInto(['setup', 'sftp', ...where, '--path', options.path, '--secrets', 'files'], {
    ...common,
    steps: [
      ['called?', enter],
      ['The server shows the host key', ''],
      ['fingerprint of its host key?', enter],
      ['How do you log in?', `\u001b[A${enter}`],
      [
        'Is it there?',
        async (shown) => {
          await server.letIn(/^ssh-ed25519 \S+ safelight$/m.exec(shown)?.[0] ?? '')
          return 'y'
        },
      ],
      ['set up so?', enter],
    ],
  })
  expect(sftp.exitCode).toBe(0)
})

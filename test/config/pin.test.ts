import { chmod, readFile, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { pinVault } from '../../src/config/pin.ts'
import { configTemplate } from '../../src/config/template.ts'
import { folderWith } from './folder.ts'

const pin = { id: '0123456789abcdef0123456789abcdef', fingerprint: 'fedcba9876543210fedcba9876543210' }
const other = { ...pin, id: 'f'.repeat(32) }
const written = `vault: { id: ${pin.id}, fingerprint: ${pin.fingerprint} }`

async function pinned(yaml: string, destination: string): Promise<string> {
  await using folder = await folderWith({ 'safelight.yaml': yaml })
  const file = join(folder.path, 'safelight.yaml')
  await pinVault(file, destination, pin)
  expect(folder.load().destinations.find(({ name }) => name === destination)?.vault).toEqual(pin)
  return await readFile(file, 'utf8')
}

test('with one destination the vault goes to the top level, and nothing else changes by a byte', async () => {
  const yaml = `# Ours.
host:   main     # aligned, by hand
ignore: ["**/.DS_Store",   '*.tmp']

destinations:
    - name: disk   # the blue one
      type: local
      path: /mnt/vault   # USB
# the end
`
  expect(await pinned(yaml, 'disk')).toBe(yaml.replace('# USB\n', `# USB\n${written}\n`))
})

test('the file that config init writes can be pinned', async () => {
  const lines = (await pinned(configTemplate, 'disk')).split('\n')
  expect(lines.filter((line) => line !== written).join('\n')).toBe(configTemplate)
})

test('with several destinations it goes to its own, in block style', async () => {
  const yaml = `destinations:
  - name: disk
    type: local
    path: /a
  - name: cloud
    type: s3
    bucket: photos
    credentials:
      accessKeyId: env:A   # the key
      secretAccessKey: env:B
  - { name: usb, type: local, path: /b }
`
  expect(await pinned(yaml, 'disk')).toBe(yaml.replace('path: /a\n', `path: /a\n    ${written}\n`))
  expect(await pinned(yaml, 'cloud')).toBe(yaml.replace('env:B\n', `env:B\n    ${written}\n`))
})

test('with several destinations it goes to its own, in flow style', async () => {
  const yaml = `destinations:
  - { name: disk, type: local, path: /a }   # first
  - { name: usb, type: local,
      path: /b, }
`
  expect(await pinned(yaml, 'disk')).toBe(yaml.replace('path: /a', `path: /a, ${written}`))
  expect(await pinned(yaml, 'usb')).toBe(yaml.replace('path: /b', `path: /b, ${written}`))
})

test('line ends stay those of the file, and a missing last one does not matter', async () => {
  const yaml = 'host: main\r\ndestinations:\r\n  - { name: disk, type: local, path: /a }'
  expect(await pinned(yaml, 'disk')).toBe(`${yaml}\r\n${written}`)
})

test('the same pin again changes nothing, and another one is refused', async () => {
  const yaml = `${written}\ndestinations: [{ name: disk, type: local, path: /a }]\n`
  expect(await pinned(yaml, 'disk')).toBe(yaml)
  await using folder = await folderWith({ 'safelight.yaml': yaml })
  const file = join(folder.path, 'safelight.yaml')
  await expect(pinVault(file, 'disk', other)).rejects.toThrow('pins another vault for destination disk')
  expect(await readFile(file, 'utf8')).toBe(yaml)
})

test('a pin at the top stays that of the first destination when a second one is added', async () => {
  const yaml = `${written}
destinations:
  - { name: disk, type: local, path: /a }
  - { name: usb, type: local, path: /b }
`
  await using folder = await folderWith({ 'safelight.yaml': yaml })
  const file = join(folder.path, 'safelight.yaml')
  await expect(pinVault(file, 'disk', other)).rejects.toThrow('pins another vault')
  await pinVault(file, 'usb', other)
  expect(folder.load().destinations.map(({ vault }) => vault?.id)).toEqual([pin.id, other.id])
})

test('the file keeps its mode, a link to it stays a link, and nothing is left beside it', async () => {
  await using folder = await folderWith({
    'real/safelight.yaml': 'destinations: [{ name: disk, type: local, path: /a }]\n',
  })
  await chmod(join(folder.path, 'real/safelight.yaml'), 0o640)
  await symlink('real/safelight.yaml', join(folder.path, 'safelight.yaml'))
  await pinVault(join(folder.path, 'safelight.yaml'), 'disk', pin)
  expect((await stat(join(folder.path, 'real/safelight.yaml'))).mode & 0o777).toBe(0o640)
  expect(folder.load().destinations[0]?.vault).toEqual(pin)
  expect(await folder.names('.')).toEqual(['real', 'safelight.yaml'])
  expect(await folder.names('real')).toEqual(['safelight.yaml'])
})

test('what can not be edited safely is left as it is, and the lines to add are told', async () => {
  const yaml =
    'defaults: &disks [{ name: disk, type: local, path: /a }, { name: b, type: local, path: /b }]\ndestinations: *disks\n'
  await using folder = await folderWith({ 'safelight.yaml': yaml })
  await expect(pinVault(join(folder.path, 'safelight.yaml'), 'disk', pin)).rejects.toMatchObject({
    hint: expect.stringContaining(written),
  })
  expect(await readFile(join(folder.path, 'safelight.yaml'), 'utf8')).toBe(yaml)
})

test('a destination that is not there is refused', async () => {
  await using folder = await folderWith({ 'safelight.yaml': 'host: main\n' })
  await expect(pinVault(join(folder.path, 'safelight.yaml'), 'disk', pin)).rejects.toThrow(
    'has no destination disk',
  )
})

test('wherever comments and blank lines stand, they are all still there', async () => {
  const filler = fc.constantFrom('', '\n', '# a comment\n', '  # indented\n\n')
  await fc.assert(
    fc.asyncProperty(
      fc.array(filler, { minLength: 5, maxLength: 5 }),
      fc.constantFrom(true, false),
      async (gaps, flow) => {
        const destination = flow
          ? ['  - { name: disk, type: local, path: /a } # why\n']
          : ['  - name: disk\n', '    type: local\n', '    path: "/a" # why\n']
        const lines = ['host: main\n', 'destinations:\n', ...destination]
        const yaml = lines.map((line, index) => `${gaps[index]}${line}`).join('') + (gaps[4] ?? '')
        const edited = await pinned(yaml, 'disk')
        expect(edited.replace(`${written}\n`, '')).toBe(yaml)
      },
    ),
    { numRuns: 60 },
  )
})

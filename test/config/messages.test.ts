/* What people are told of a configuration that can't be, where no other test needs it. */
import { expect, test } from 'vitest'
import { generateIdentity } from '../../src/crypto/identity.ts'
import { folderWith } from './folder.ts'

const plain = await generateIdentity({ postQuantum: false })
const strong = await generateIdentity({ postQuantum: true })
const sftp = 'name: a, type: sftp, host: h, user: u, path: p, password: env:P'

test.each([
  [`recovery: [${plain.recipient}, ${strong.recipient}]`, 'recovery: mixes recipients: all are post-quantum'],
  ['writeOnly: true', 'writeOnly: needs recovery recipients: nobody else could read the vault'],
  ['sources: [{ name: a, path: /x, priority: -1 }]', 'sources[0].priority: is 0 or more'],
  [
    'destinations: [{ name: a, type: s3, bucket: b, lock: { mode: governance, days: 40000 } }]',
    'destinations[0].lock.days: is a hundred years at most',
  ],
  [
    'destinations: [{ name: a, type: s3, bucket: b, prefix: é }]',
    'destinations[0].prefix: has printable ASCII characters only',
  ],
  [
    `destinations: [{ ${sftp}, hostKey: abc }]`,
    'hostKey[0]: is neither a fingerprint (SHA256:...) nor a public host key',
  ],
  ['metrics: { textfile: /x }', 'metrics.textfile: ends in .prom: node_exporter reads no other files'],
  ['notify: [{ name: a, type: email, host: h, port: 70000 }]', 'notify[0].port: is 65535 at most'],
  [`destinations: [{ ${sftp}, connections: 17 }]`, 'destinations[0].connections: is 1 to 16'],
])('%s', async (yaml, message) => {
  await using folder = await folderWith({ 'safelight.yaml': yaml })
  expect(folder.problems({ P: 'x' })).toContainEqual(expect.stringContaining(message))
})

test('an identity among the recovery recipients is told as leaked, and not repeated', async () => {
  await using folder = await folderWith({ 'safelight.yaml': `recovery: [${plain.identity}]` })
  const problems = folder.problems()
  expect(problems).toContainEqual(
    expect.stringContaining(
      'is an identity (a secret key!), where its recipient belongs; treat that key as leaked',
    ),
  )
  expect(problems.join('\n')).not.toContain(plain.identity)
})

test('all that a backup needs is told with where it could come from', async () => {
  await using folder = await folderWith({ 'safelight.yaml': '' })
  const problems = folder.problems({}, ['library', 'database', 'identity', 'destinations'])
  for (const message of [
    'library: is missing; give it, or set IMMICH_MEDIA_LOCATION or BACKUP_IMMICH_PATH',
    "database: is missing; give database.url, Immich's own DB_ variables",
    'identity: is missing; it takes env:NAME, file:/path or op://vault/item/field',
    'destinations: are missing; there should be one at least',
  ])
    expect(problems).toContainEqual(expect.stringContaining(message))
})

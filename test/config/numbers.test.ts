import { expect, test } from 'vitest'
import { folderWith } from './folder.ts'

test('the file says how often progress is written down, else a variable, else it is a minute', async () => {
  await using without = await folderWith({ 'safelight.yaml': 'host: main\n' })
  expect(without.load()).toMatchObject({ statsInterval: 60, maxRetries: 3 })
  const env = { BACKUP_STATS_INTERVAL: '5', BACKUP_MAX_RETRIES: '0' }
  expect(without.load(env)).toMatchObject({
    statsInterval: 5,
    maxRetries: 0,
    origins: { statsInterval: 'variable BACKUP_STATS_INTERVAL' },
  })
  await using written = await folderWith({ 'safelight.yaml': 'statsInterval: 30\nmaxRetries: 1\n' })
  expect(written.load(env)).toMatchObject({ statsInterval: 30, maxRetries: 1 })
})

test.each([
  ['statsInterval: 0\n', {}, 'safelight.yaml:1:16: statsInterval: is a whole number from 1 to 3600'],
  ['maxRetries: 11\n', {}, 'safelight.yaml:1:13: maxRetries: is a whole number from 0 to 10'],
  [
    'host: main\n',
    { BACKUP_STATS_INTERVAL: 'often' },
    'variable BACKUP_STATS_INTERVAL: statsInterval: is a whole number from 1 to 3600',
  ],
  [
    'host: main\n',
    { BACKUP_MAX_RETRIES: '-1' },
    'variable BACKUP_MAX_RETRIES: maxRetries: is a whole number from 0 to 10',
  ],
])('what is out of bounds is told with its place: %j %j', async (file, env, problem) => {
  await using folder = await folderWith({ 'safelight.yaml': file })
  expect(folder.problems(env)).toContain(problem)
})

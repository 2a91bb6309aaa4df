import { afterEach, expect, test, vi } from 'vitest'
import type { Destination } from '../../../src/config/config.ts'
import { checkRclone } from '../../../src/runs/check/rclone.ts'

const remote = { name: 'elsewhere', type: 'rclone', remote: 'there:photos' } as const

afterEach(() => void vi.unstubAllEnvs())

async function check(destinations: Parameters<typeof checkRclone>[0]['destinations']) {
  return await Array.fromAsync(checkRclone({ destinations }))
}

test('rclone is looked for only where a destination needs it', async () => {
  vi.stubEnv('PATH', '/nonexistent')
  expect(await check([{ name: 'disk', type: 'local', path: '/mnt' }])).toEqual([])
  await expect(check([remote as Destination])).rejects.toMatchObject({
    message: 'rclone is not installed',
    hint: expect.stringContaining('Install it'),
  })
})

test('rclone tells its version', async () => {
  expect(await check([remote as Destination])).toMatchObject([
    { what: 'rclone', result: 'good', detail: expect.stringMatching(/^rclone v\d/) },
  ])
})

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { channelOptions } from '../../src/config/notify.ts'
import { eventKinds } from '../../src/notify/event.ts'
import { folderWith } from './folder.ts'

const email = 'type: email, host: smtp.example.org, from: nas@example.org, to: [ada@example.org]'

/** The options of a channel with these fields. */
async function optionsOf(fields: string, env: Record<string, string> = {}) {
  await using folder = await folderWith({ 'safelight.yaml': `notify: [{ name: one, ${fields} }]\n` })
  const [channel] = folder.load(env).notify
  return channel && channelOptions(channel)
}

describe('a channel', () => {
  test('is told of everything, unless something is chosen', async () => {
    const slack = await optionsOf('type: slack, url: env:HOOK', { HOOK: 'https://hooks.example' })
    expect(slack).toEqual({ name: 'one', type: 'slack', url: 'https://hooks.example', on: eventKinds })
    const chosen = await optionsOf('type: slack, url: env:HOOK, on: [failure]', {
      HOOK: 'https://hooks.example',
    })
    expect(chosen).toMatchObject({ on: ['failure'] })
  })

  test('of Healthchecks watches backups, of which only those without a snapshot failed', async () => {
    const check = await optionsOf('type: healthchecks, url: env:HC', { HC: 'https://hc.example/1' })
    expect(check).toMatchObject({ run: 'backup', on: ['failure', 'verification-failure'] })
  })

  test('has secrets in its headers, and a template of any form', async () => {
    const fields =
      'type: webhook, url: env:HOOK, headers: { X-Key: env:KEY }, template: { a: ["{text}", 5, true] }'
    expect(await optionsOf(fields, { HOOK: 'https://hook.example', KEY: 'hunter2' })).toMatchObject({
      headers: { 'X-Key': 'hunter2' },
      template: { a: ['{text}', 5, true] },
    })
  })

  test.each([
    ['', { port: 587, security: 'starttls', login: undefined }],
    [', security: tls', { port: 465, security: 'tls' }],
    [', security: none', { port: 25, security: 'none' }],
    [', port: 2525, user: me, password: env:PW', { port: 2525, login: { user: 'me', password: 'hunter2' } }],
  ])('of e-mail with "%s" has the usual port', async (more, expected) => {
    expect(await optionsOf(email + more, { PW: 'hunter2' })).toMatchObject(expected)
  })
})

test('a secret that is not there is no problem before something is told', async () => {
  await using folder = await folderWith({
    'safelight.yaml': 'notify: [{ name: one, type: slack, url: env:HOOK }]\n',
  })
  const [channel] = folder.load().notify
  expect(channel && (() => channelOptions(channel))).toThrow(
    'safelight.yaml:1:41: notify[0].url: environment variable HOOK is not set',
  )
})

describe('a mistake is told where it is:', () => {
  test.each([
    ['type: slack, url: https://hooks.slack.com/T0KEN', 'notify[0].url: takes a reference to the secret'],
    ['type: webhook, url: env:H, headers: { X-Key: T0KEN }', 'notify[0].headers.X-Key: takes a reference'],
    ['type: pigeon', 'notify[0].type: takes one of email, webhook, ntfy, discord, slack, healthchecks'],
    ['type: slack, url: env:H, on: [failures]', 'notify[0].on[0]: takes one of failure, '],
    ['type: slack, url: env:H, on: [failure, failure]', 'notify[0].on: names something twice'],
    [`${email}, user: me`, 'notify[0].user: goes together with password'],
    [`${email}, security: none, user: me, password: env:P`, 'none would send the password unencrypted'],
    [email.replace('ada@example.org', 'ada'), 'notify[0].to[0]: is no e-mail address'],
    [email.replace('[ada@example.org]', '[]'), 'notify[0].to: names nobody'],
    [email.replace('nas@example.org', '"a@b.org\\r\\nBcc: x@y.org"'), 'notify[0].from: is no e-mail address'],
    [
      'type: slack, url: env:H }, { name: one, type: slack, url: env:I',
      'notify[1].name: is the name of notify[0]',
    ],
  ])('%s', async (fields, message) => {
    await using folder = await folderWith({ 'safelight.yaml': `notify: [{ name: one, ${fields} }]\n` })
    const problems = folder.problems().join('\n')
    expect(problems).toContain(message)
    expect(problems).not.toContain('T0KEN')
  })
})

describe('metrics', () => {
  test('go to a file beside the configuration, where its path is relative', async () => {
    await using folder = await folderWith({ 'safelight.yaml': 'metrics: { textfile: out/a.prom }\n' })
    expect(folder.load().metrics).toEqual({ textfile: join(folder.path, 'out/a.prom') })
  })

  test.each([
    ['metrics: { textfile: a.txt }', 'metrics.textfile: ends in .prom'],
    ['metrics: { pushgateway: "http://me:T0KEN@gateway:9091" }', 'metrics.pushgateway: must not hold'],
    ['metrics: { textfile: data/a.prom }\nlibrary: data', 'metrics.textfile: lies inside the library'],
  ])('%s is refused', async (yaml, message) => {
    await using folder = await folderWith({ 'safelight.yaml': `${yaml}\n` })
    expect(folder.problems().join('\n')).toContain(message)
  })
})

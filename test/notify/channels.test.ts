import { describe, expect, test } from 'vitest'
import { messageOf, testMessage } from '../../src/notify/compose.ts'
import { deliver, deliverPing } from '../../src/notify/deliver.ts'
import type { Message } from '../../src/notify/message.ts'
import type { ChannelOptions, HealthchecksOptions } from '../../src/notify/options.ts'
import type { Patience } from '../../src/shared/patience.ts'
import { freePort } from '../support/ports.ts'
import { type Answer, startReceiver } from '../support/receiver.ts'
import { failure, goodWeek } from './samples.ts'

const patience: Patience = { tries: 2, timeoutMs: 10_000, firstDelayMs: 5, longestDelayMs: 100 }
const delivering = { patience, signal: new AbortController().signal }
/** For receivers that never answer. */
const impatient = { ...delivering, patience: { ...patience, timeoutMs: 100 } }
const message = messageOf(failure)

/** What a channel sends of a message. */
async function sent(
  channel: (url: string) => ChannelOptions,
  what: Message = message,
  answers: Answer[] = [],
) {
  await using receiver = await startReceiver(answers)
  const problem = await deliver(channel(receiver.url), what, delivering)
  const [first] = receiver.requests
  const body = first?.body ?? ''
  const isJson = first?.headers['content-type'] === 'application/json'
  return {
    problem,
    request: first,
    body,
    json: isJson ? (JSON.parse(body) as Record<string, unknown>) : undefined,
  }
}

const common = { name: 'channel', on: [] }

describe('a webhook', () => {
  const webhook =
    (template: unknown, headers = {}) =>
    (url: string): ChannelOptions => ({ ...common, type: 'webhook', url: `${url}/hook`, headers, template })

  test('without a template gets the message as JSON', async () => {
    const { problem, json } = await sent(webhook(undefined))
    expect(problem).toBeUndefined()
    expect(json).toEqual({
      kind: 'failure',
      severity: 'bad',
      host: 'main',
      destinations: ['cloud'],
      subject: message.subject,
      text: message.text,
    })
  })

  test('gets JSON of its own form, in which no message breaks out of its place', async () => {
    const nasty = { ...message, subject: '"}, "admin": true, {"x": "{text}' }
    const template = { title: '{subject}', data: [{ level: 5, tags: ['{event}', '{severity}'] }], on: true }
    const { json } = await sent(webhook(template), nasty)
    expect(json).toEqual({ title: nasty.subject, data: [{ level: 5, tags: ['failure', 'bad'] }], on: true })
  })

  test('gets a text, in which other braces stay', async () => {
    const { body, request } = await sent(webhook('{host}/{destinations}: {subject} {{ states }} {}'))
    expect(body).toBe(`main/cloud: ${message.subject} {{ states }} {}`)
    expect(request?.headers['content-type']).toBe('text/plain; charset=utf-8')
  })

  test('gets headers', async () => {
    const { request } = await sent(webhook(undefined, { authorization: 'Bearer abc' }))
    expect(request?.headers.authorization).toBe('Bearer abc')
  })
})

describe('ntfy', () => {
  const ntfy =
    (path: string, token?: string) =>
    (url: string): ChannelOptions => ({ ...common, type: 'ntfy', url: url + path, token })

  test('gets the topic, a title, and a priority that fits', async () => {
    const { json, request } = await sent(ntfy('/photos-3f9c', 'tk_1'))
    expect(request?.path).toBe('/')
    expect(request?.headers.authorization).toBe('Bearer tk_1')
    expect(json).toMatchObject({ topic: 'photos-3f9c', title: message.subject, priority: 4 })
    expect((await sent(ntfy('/photos'), messageOf(goodWeek))).json).toMatchObject({ priority: 2 })
  })

  test('below a path, too', async () => {
    expect((await sent(ntfy('/push/photos'))).request?.path).toBe('/push/')
  })

  test('never gets more than it shows, and no half of a character', async () => {
    const { json } = await sent(ntfy('/photos'), { ...message, text: '📷'.repeat(2000) })
    const text = String(json?.['message'])
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(3500)
    expect(text).toMatch(/^(?:📷)+\.\.\.$/u)
  })

  test('without a topic is told as a mistake', async () => {
    expect((await sent(ntfy('/'))).problem).toContain('the form https://ntfy.sh/TOPIC')
  })
})

describe('Discord', () => {
  const discord = (url: string): ChannelOptions => ({ ...common, type: 'discord', url })

  test('gets an embed that mentions nobody and formats nothing', async () => {
    const { json } = await sent(discord, { ...message, text: '@everyone *look* at `x`' }, [{ status: 204 }])
    expect(json).toMatchObject({
      allowed_mentions: { parse: [] },
      embeds: [{ title: message.subject, description: String.raw`@everyone \*look\* at \`x\`` }],
    })
  })
})

describe('Slack', () => {
  test('gets a text that calls nobody', async () => {
    const slack = (url: string): ChannelOptions => ({ ...common, type: 'slack', url })
    const { json } = await sent(slack, { ...message, text: '<!channel> & more' })
    expect(json).toEqual({ text: `:rotating_light: *${message.subject}*\n&lt;!channel&gt; &amp; more` })
  })
})

describe('Healthchecks', () => {
  const check = (url: string): HealthchecksOptions => ({
    ...common,
    type: 'healthchecks',
    url: `${url}/ping/5e09dc94?x=1`,
    run: 'backup',
  })

  test.each([
    ['start', '/ping/5e09dc94/start?x=1'],
    ['success', '/ping/5e09dc94?x=1'],
    ['failure', '/ping/5e09dc94/fail?x=1'],
  ] as const)('is told of a %s', async (ping, path) => {
    await using receiver = await startReceiver()
    expect(await deliverPing(check(receiver.url), { ping, text: 'disk: done' }, delivering)).toBeUndefined()
    expect(receiver.requests).toMatchObject([{ method: 'POST', path, body: 'disk: done' }])
  })

  test('only notes a test message', async () => {
    expect((await sent(check, testMessage('main'))).request?.path).toBe('/ping/5e09dc94/log?x=1')
  })
})

test('a channel that does not take a message is no error, but a reason without the URL', async () => {
  const slack = (url: string): ChannelOptions => ({ ...common, type: 'slack', url: `${url}/services/T0KEN` })
  expect((await sent(slack, message, [{ status: 404 }])).problem).toBe('answered 404 (Not Found)')
  await using silent = await startReceiver(['silence', 'silence'])
  expect(await deliver(slack(silent.url), message, impatient)).toBe('gave no answer for 0.1 s')
  const nobody = `http://127.0.0.1:${await freePort()}`
  const nowhere = await deliver(slack(nobody), message, delivering)
  expect(nowhere).toBe("can't be reached (ECONNREFUSED)")
})

test('a run that is stopped does not wait for a channel', async () => {
  await using receiver = await startReceiver(['silence'])
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 20)
  const options: ChannelOptions = { ...common, type: 'slack', url: receiver.url }
  const slow = { patience: { ...patience, timeoutMs: 60_000 }, signal: stop.signal }
  expect(await deliver(options, message, slow)).toBe('was interrupted')
})

import { describe, expect, test } from 'vitest'
import { errorMessage, UserError } from '../../src/shared/errors.ts'
import type { Patience } from '../../src/shared/patience.ts'
import { post } from '../../src/shared/post.ts'
import { type Answer, startReceiver } from '../support/receiver.ts'

const patience: Patience = { tries: 3, timeoutMs: 20_000, firstDelayMs: 5, longestDelayMs: 300 }
/** For a receiver that does not answer at first. */
const impatient = 700
const never = new AbortController().signal

/** Posts to a receiver with these answers. @returns the error's message, and how often it was asked. */
async function posted(answers: readonly Answer[], timeoutMs = patience.timeoutMs) {
  await using receiver = await startReceiver(answers)
  const began = performance.now()
  const [sent] = await Promise.allSettled([
    post({ url: `${receiver.url}/hook/T0KEN-IN-THE-PATH`, body: 'hello' }, { ...patience, timeoutMs }, never),
  ])
  const tookMs = performance.now() - began
  const problem = sent.status === 'rejected' ? errorMessage(sent.reason) : undefined
  return { problem, asked: receiver.requests.length, requests: receiver.requests, tookMs }
}

test('sends the body once where it is taken', async () => {
  const { problem, requests } = await posted([])
  expect(problem).toBeUndefined()
  expect(requests).toMatchObject([{ method: 'POST', path: '/hook/T0KEN-IN-THE-PATH', body: 'hello' }])
})

describe('tries again', () => {
  test.each<[string, Answer]>([
    ['a connection that breaks', 'hang up'],
    ['a server with an error of its own', { status: 500 }],
    ['a server that wants to be asked later', { status: 429, headers: { 'retry-after': '0.05' } }],
    [
      'a proxy without a server behind it',
      { status: 502, headers: { 'retry-after': new Date().toUTCString() } },
    ],
  ])('%s', async (_what, answer) => {
    expect(await posted([answer, answer])).toMatchObject({ problem: undefined, asked: 3 })
  })

  test.each<[string, Answer]>([
    ['a server that is slow', { status: 200, afterMs: 60_000 }],
    ['a server that never answers', 'silence'],
  ])('%s', async (_what, answer) => {
    const { problem, asked, tookMs } = await posted([answer], impatient)
    expect({ problem, asked }).toEqual({ problem: undefined, asked: 2 })
    expect(tookMs).toBeGreaterThanOrEqual(impatient - 1)
  })

  test('and gives up at last', async () => {
    const silence = await posted(['silence', 'silence', 'silence', 'silence'], 100)
    expect(silence).toMatchObject({ problem: 'gave no answer for 0.1 s', asked: 3 })
    const broken = await posted(Array.from({ length: 4 }, (): Answer => ({ status: 503 })))
    expect(broken).toMatchObject({ problem: 'answered 503 (Service Unavailable)', asked: 3 })
  })
})

describe('asks no more', () => {
  test.each<[string, Answer, string]>([
    [
      'where the URL is not known any more',
      { status: 404, body: 'no T0KEN here' },
      'answered 404 (Not Found)',
    ],
    ['where it is not let in', { status: 401 }, 'answered 401 (Unauthorized)'],
    [
      'where it is sent elsewhere: the message may be secret there',
      { status: 301, headers: { location: '/' } },
      'answered 301 (Moved Permanently): it is somewhere else, or wants https',
    ],
    [
      'where it would have to wait too long',
      { status: 429, headers: { 'retry-after': '3600' } },
      'answered 429 (Too Many Requests)',
    ],
  ])('%s', async (_what, answer, message) => {
    expect(await posted([answer])).toMatchObject({ problem: message, asked: 1 })
  })
})

test('nothing of the URL is in an error', async () => {
  const secrets = /T0KEN|hunter2|127\.0\.0\.1|secret/
  const urls = [
    'http://127.0.0.1:1/T0KEN-IN-THE-PATH',
    'http://user:hunter2@127.0.0.1:1/',
    'T0KEN-that-is-no-url',
    'ftp://secret.example',
    'http://secret:port/',
  ]
  for (const url of urls) {
    const error: unknown = await post({ url, body: '' }, { ...patience, tries: 1 }, never).catch(
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(UserError)
    expect(JSON.stringify([(error as UserError).message, String((error as UserError).cause)])).not.toMatch(
      secrets,
    )
  }
})

test('a user name and a password in the URL are sent in a header', async () => {
  await using receiver = await startReceiver()
  const url = receiver.url.replace('//', '//me:p%40ss@')
  await post({ url, body: '' }, patience, never)
  expect(receiver.requests[0]?.headers.authorization).toBe(`Basic ${btoa('me:p@ss')}`)
})

test('stops at once when it is told to', async () => {
  await using receiver = await startReceiver(['silence'])
  const stop = new AbortController()
  const sending = post({ url: receiver.url, body: '' }, { ...patience, timeoutMs: 60_000 }, stop.signal)
  setTimeout(() => stop.abort(), 30)
  await expect(sending).rejects.toThrow('aborted')
})

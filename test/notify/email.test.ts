import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { SMTPServerOptions } from 'smtp-server'
import { describe, expect, test } from 'vitest'
import { messageOf } from '../../src/notify/compose.ts'
import { deliver } from '../../src/notify/deliver.ts'
import type { EmailOptions } from '../../src/notify/options.ts'
import type { Patience } from '../../src/shared/patience.ts'
import { startMailServer, type MailServer } from '../support/smtpServer.ts'
import { failure } from './samples.ts'

const patience: Patience = { tries: 1, timeoutMs: 20_000, firstDelayMs: 1, longestDelayMs: 1 }
const delivering = { patience, signal: new AbortController().signal }
/** For servers that never answer. */
const impatient = { ...delivering, patience: { ...patience, timeoutMs: 200 } }
const message = messageOf(failure)
const password = 'correct horse battery staple'

/** A server that lets in one user, and says too much about everybody else. */
const withLogin: SMTPServerOptions = {
  authOptional: false,
  onAuth({ username, password: given }, _session, done) {
    if (username === 'photos' && given === password) done(null, { user: username })
    else
      done(
        new Error(`no user ${username} with password ${given}, sent as ${btoa(`\0${username}\0${given}`)}`),
      )
  },
}

function optionsFor(
  { port, ca }: Pick<MailServer, 'port' | 'ca'>,
  more: Partial<EmailOptions> = {},
): EmailOptions {
  return {
    name: 'mail',
    on: [],
    type: 'email',
    host: 'localhost',
    port,
    security: 'starttls',
    ca,
    login: undefined,
    from: 'nas@example.org',
    to: ['ada@example.org', 'grace@example.org'],
    ...more,
  }
}

test('sends one encrypted mail to all, after logging in', async () => {
  await using server = await startMailServer(withLogin)
  const login = { user: 'photos', password }
  expect(await deliver(optionsFor(server, { login }), message, delivering)).toBeUndefined()
  expect(server.mails).toMatchObject([
    {
      from: 'nas@example.org',
      to: ['ada@example.org', 'grace@example.org'],
      encrypted: true,
      user: 'photos',
    },
  ])
  const { source = '' } = server.mails[0] ?? {}
  expect(source).toContain(`Subject: ${message.subject}`)
  expect(source).toContain('From: Safelight <nas@example.org>')
  expect(source).toContain('Auto-Submitted: auto-generated')
  expect(source).toContain('What is safe:')
})

test('begins encrypted where the server wants that', async () => {
  await using server = await startMailServer({ secure: true })
  expect(await deliver(optionsFor(server, { security: 'tls' }), message, delivering)).toBeUndefined()
  expect(server.mails).toMatchObject([{ encrypted: true }])
})

test('sends unencrypted only where it was told to', async () => {
  await using server = await startMailServer({ disabledCommands: ['STARTTLS'] })
  expect(await deliver(optionsFor(server), message, delivering)).toMatch(
    /: there is no encrypted connection \(/,
  )
  expect(server.mails).toEqual([])
  expect(await deliver(optionsFor(server, { security: 'none' }), message, delivering)).toBeUndefined()
  expect(server.mails).toMatchObject([{ encrypted: false }])
})

test('tries again where a server wants that, as one with a grey list does', async () => {
  let asked = 0
  await using server = await startMailServer({
    onMailFrom: (_address, _session, done) => {
      asked += 1
      done(asked < 3 ? Object.assign(new Error('come back later'), { responseCode: 450 }) : null)
    },
  })
  const patient = { ...delivering, patience: { ...patience, tries: 3, longestDelayMs: 100 } }
  expect(await deliver(optionsFor(server), message, patient)).toBeUndefined()
  expect({ asked, mails: server.mails.length }).toEqual({ asked: 3, mails: 1 })
})

describe('a mail is not sent, and it is said why:', () => {
  test('to a server that nobody vouches for', async () => {
    await using server = await startMailServer()
    const problem = await deliver(optionsFor(server, { ca: undefined }), message, delivering)
    expect(problem).toMatch(/^localhost:\d+: .*certificate/)
    expect(server.mails).toEqual([])
  })

  test('to a server with the certificate of another one', async () => {
    await using server = await startMailServer()
    const problem = await deliver(optionsFor(server, { host: '127.0.0.2' }), message, delivering)
    expect(problem).toMatch(/^127\.0\.0\.2:\d+: /)
    expect(server.mails).toEqual([])
  })

  test('with a wrong password, which nobody gets to see', async () => {
    await using server = await startMailServer(withLogin)
    const login = { user: 'photos', password: 'Tr0ub4dor&3' }
    const problem = await deliver(optionsFor(server, { login }), message, delivering)
    expect(problem).toMatch(/did not let in the user .*\[secret\]/)
    expect(problem).not.toContain('Tr0ub4dor')
    expect(problem).not.toContain(btoa('\0photos\0Tr0ub4dor&3'))
  })

  test('to a recipient that the server does not know', async () => {
    await using server = await startMailServer({
      onRcptTo: ({ address }, _session, done) =>
        done(address.startsWith('grace') ? new Error('no such user here') : null),
    })
    const problem = await deliver(optionsFor(server), message, delivering)
    expect(problem).toContain('the server refused 1 of 2 recipients')
  })

  test('from a sender that the server does not want', async () => {
    await using server = await startMailServer({
      onMailFrom: (_address, _session, done) => done(new Error('not you')),
    })
    expect(await deliver(optionsFor(server), message, delivering)).toMatch(/refused the sender .*not you/)
  })

  test('to a server that is full', async () => {
    await using server = await startMailServer({
      onData: (stream, _session, done) => {
        stream.resume()
        stream.on('end', () => done(new Error('the mailbox is full')))
      },
    })
    expect(await deliver(optionsFor(server), message, delivering)).toMatch(/refused the message .*is full/)
  })

  test('to a machine without a server', async () => {
    const problem = await deliver(optionsFor({ port: 1, ca: '' }), message, delivering)
    expect(problem).toMatch(/^localhost:1: the server can't be reached/)
  })

  test.each([
    ['that never greets', (socket: Socket) => void socket],
    ['that greets, and then says no more', (socket: Socket) => void socket.write('220 mail.example.org\r\n')],
  ])('to a server %s, which is not waited for', async (_what, greet) => {
    await using server = await startSocketServer(greet)
    const began = performance.now()
    const problem = await deliver(optionsFor({ port: server.port, ca: '' }), message, impatient)
    expect(problem).toMatch(/gave no answer in time|can't be reached/)
    expect(performance.now() - began).toBeLessThan(10_000)
  })
})

test('a run that is stopped does not wait for a mail', async () => {
  await using server = await startSocketServer(() => undefined)
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 20)
  const slow = { patience: { ...patience, timeoutMs: 60_000 }, signal: stop.signal }
  expect(await deliver(optionsFor({ port: server.port, ca: '' }), message, slow)).toBe('was interrupted')
})

/** A server on loopback that is no mail server. */
async function startSocketServer(
  greet: (socket: Socket) => void,
): Promise<{ port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    greet(socket)
  }).listen(0, 'localhost')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { makeCertificate } from './certificate.ts'
import { temporaryFolder } from './temporaryFolder.ts'

/** A mail as it arrived. */
export interface Mail {
  from: string
  to: string[]
  /** Headers and body. */
  source: string
  /** Whether the connection was encrypted when it came. */
  encrypted: boolean
  user: string | undefined
}

export interface MailServer extends AsyncDisposable {
  port: number
  /** PEM of the authority that signed its certificate. */
  ca: string
  mails: Mail[]
}

/** A mail server on loopback with a certificate of an authority of its own. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  await using folder = await temporaryFolder()
  const { ca, certificate, key } = await makeCertificate(folder.path)
  const authority = await readFile(ca, 'utf8')
  const mails: Mail[] = []
  const server = new SMTPServer({
    key: await readFile(key),
    cert: await readFile(certificate),
    authOptional: true,
    closeTimeout: 100,
    onData(stream, { envelope: { mailFrom, rcptTo }, secure, user }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          source: Buffer.concat(chunks).toString('utf8'),
          encrypted: secure,
          user: typeof user === 'string' ? user : undefined,
        })
        done()
      })
    },
    ...options,
  })
  // A client that goes away is the test's business.
  server.on('error', () => {})
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const address = listening.address()
  if (address === null || typeof address === 'string') throw new Error('the mail server has no port')
  return {
    port: address.port,
    ca: authority,
    mails,
    [Symbol.asyncDispose]: async () => await new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

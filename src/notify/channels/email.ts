import { createTransport } from 'nodemailer'
import { errorCode, errorMessage, UserError } from '../../shared/errors.ts'
import { printablePath } from '../../shared/bytePath.ts'
import type { Patience } from '../../shared/post.ts'
import type { Message } from '../message.ts'
import type { EmailOptions } from '../options.ts'

const longestAnswer = 200

/**
 * Sends a message by SMTP, to all recipients or none of them: one that is refused is an error, though others may have it.
 * @throws UserError without the password in its text; the signal's reason.
 */
export async function sendEmail(
  options: EmailOptions,
  message: Message,
  { timeoutMs }: Patience,
  signal: AbortSignal,
): Promise<void> {
  const { host, port, security, ca, login, from, to } = options
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(ca !== undefined && { tls: { ca } }),
    ...(login && { auth: { user: login.user, pass: login.password } }),
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    socketCloseTimeout: 0,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    const { rejected } = await transport.sendMail({
      from: { name: 'Safelight', address: from },
      to: [...to],
      subject: message.subject,
      text: `${message.text}\n`,
      // So that nobody's holiday note answers.
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal,
    })
    if (rejected.length > 0)
      throw new UserError(`the server refused ${rejected.length} of ${to.length} recipients`)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof UserError) throw error
    throw new UserError(whyNot(error, options))
  } finally {
    transport.close()
  }
}

const reasons: Partial<Record<string, string>> = {
  EAUTH: 'the server did not let in the user',
  ETLS: 'there is no encrypted connection',
  EENVELOPE: 'the server refused the sender or a recipient',
  EMESSAGE: 'the server refused the message',
  ETIMEDOUT: 'the server gave no answer in time',
  EDNS: "the server's name is not known",
  ECONNECTION: "the server can't be reached",
  ESOCKET: "the server can't be reached",
}

function whyNot(error: unknown, { host, port, login }: EmailOptions): string {
  const code = errorCode(error) ?? 'unknown error'
  const answer = errorMessage(error)
  const reason = reasons[code] ?? "the message can't be sent"
  return `${host}:${port}: ${reason} (${withoutLogin(answer, login).slice(0, longestAnswer)})`
}

/** What the server says helps, but it may say what it was sent, in plain or in Base64 as SMTP has it. */
function withoutLogin(text: string, login: EmailOptions['login']): string {
  if (!login) return printablePath(text)
  const { user, password } = login
  const sent = [`\0${user}\0${password}`, password].flatMap((secret) => [
    Buffer.from(secret).toString('base64'),
    secret,
  ])
  return printablePath(sent.reduce((clean, secret) => clean.replaceAll(secret, '[secret]'), text))
}

import { createTransport, type Transporter } from 'nodemailer'
import { printablePath } from '../../shared/bytePath.ts'
import { errorCode, errorMessage } from '../../shared/errors.ts'
import { untilTaken, type Patience, type Refusal } from '../../shared/patience.ts'
import type { Message } from '../message.ts'
import type { EmailOptions } from '../options.ts'

const longestAnswer = 200

/**
 * Sends a message by SMTP. A recipient that is refused is an error, though the others may have got it.
 * @throws UserError without the password in its text; the signal's reason.
 */
export async function sendEmail(
  options: EmailOptions,
  message: Message,
  patience: Patience,
  signal: AbortSignal,
): Promise<void> {
  const transport = createTransport(transportOptions(options, patience))
  try {
    await untilTaken(async () => await refusalOf(transport, options, message, signal), patience, signal)
  } finally {
    transport.close()
  }
}

function transportOptions({ host, port, security, ca, login }: EmailOptions, { timeoutMs }: Patience) {
  return {
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
  }
}

/** One try. @returns why the server did not take it, or not for all. */
async function refusalOf(
  transport: Transporter,
  options: EmailOptions,
  { subject, text }: Message,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const { from, to } = options
  try {
    const { rejected = [] } = await transport.sendMail({
      from: { name: 'Safelight', address: from },
      to: [...to],
      subject,
      text: `${text}\n`,
      // So that nobody's holiday note answers.
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal,
    })
    if (rejected.length === 0) return undefined
    // The others have it: they need not get it again.
    return { message: `the server refused ${rejected.length} of ${to.length} recipients`, temporary: false }
  } catch (error) {
    signal.throwIfAborted()
    return { message: whyNot(error, options), temporary: isTemporary(error) }
  }
}

/** A server that says 4xx wants to be asked again, as one that keeps a grey list does. */
function isTemporary(error: unknown): boolean {
  const code = error instanceof Error && 'responseCode' in error ? error.responseCode : undefined
  if (typeof code === 'number') return code >= 400 && code < 500
  return ['ETIMEDOUT', 'ECONNECTION', 'ESOCKET', 'EDNS'].includes(errorCode(error) ?? '')
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

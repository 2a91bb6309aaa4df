/** A refusal as Drive words it: a status, a reason from its list, and a message. */
export class DriveRefusal extends Error {
  readonly status: number
  readonly reason: string
  readonly headers: Record<string, string>

  constructor(status: number, reason: string, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.reason = reason
    this.headers = headers
  }

  /** The body that goes with it. */
  get body(): object {
    const { status: code, reason, message } = this
    return { error: { code, message, errors: [{ domain: 'global', reason, message }] } }
  }
}

export function notFound(id: string): DriveRefusal {
  return new DriveRefusal(404, 'notFound', `File not found: ${id}.`)
}

export function invalid(message: string): DriveRefusal {
  return new DriveRefusal(400, 'invalid', message)
}

export function notPermitted(): DriveRefusal {
  return new DriveRefusal(
    403,
    'insufficientFilePermissions',
    'The user does not have sufficient permissions for this file.',
  )
}

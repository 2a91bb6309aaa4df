import { generateKeyPairSync, randomUUID, verify } from 'node:crypto'
import { ApiError } from './answers.ts'

const second = 1000

interface Claims {
  iss: string
  sub: string
  iat: number
  exp: number
  aud?: string
  scope?: string
}

/** The one account that the server knows, and the ways in which a request can show that it comes from it. */
export class Account {
  readonly email = 'backup@project.iam.gserviceaccount.com'
  /** The key file, as Google writes it. */
  readonly keyFile: string
  /** What a workload shows to get an access token. */
  readonly workloadToken = randomUUID()
  readonly #publicKey: string
  readonly #accessTokens = new Set<string>()

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    this.#publicKey = publicKey
    this.keyFile = JSON.stringify({
      type: 'service_account',
      project_id: 'project',
      private_key_id: 'the-key-id',
      private_key: privateKey,
      client_email: this.email,
      client_id: '1',
      token_uri: 'https://oauth2.googleapis.com/token',
    })
  }

  /** @throws ApiError unless the header holds an access token given out here, or one that the account's key signed. */
  authenticate(authorization: string | undefined): void {
    const [, token] = /^Bearer (.+)$/.exec(authorization ?? '') ?? []
    if (token === undefined) throw new ApiError(401, 'required', 'Anonymous caller does not have access.')
    if (!this.#accessTokens.has(token) && !this.#signed(token)) {
      throw new ApiError(401, 'authError', 'Invalid Credentials')
    }
  }

  /** As the metadata server of a machine in Google's cloud does. */
  newAccessToken(): object {
    const token = `ya29.${randomUUID()}`
    this.#accessTokens.add(token)
    return { access_token: token, expires_in: 3600, token_type: 'Bearer' }
  }

  /** As the security token service does for workloads elsewhere. */
  exchange(form: URLSearchParams): object {
    if (form.get('subject_token') !== this.workloadToken) {
      throw new ApiError(400, 'invalid_grant', 'The subject token is not valid.')
    }
    return { ...this.newAccessToken(), issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }
  }

  #signed(token: string): boolean {
    const [header = '', payload = '', signature = ''] = token.split('.')
    const signedPart = Buffer.from(`${header}.${payload}`)
    if (!verify('RSA-SHA256', signedPart, this.#publicKey, Buffer.from(signature, 'base64url'))) return false
    const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string }
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims
    const now = Date.now() / second
    const isTimely = claims.iat <= now + 60 && claims.exp > now && claims.exp - claims.iat <= 3600
    const isForStorage =
      claims.aud?.startsWith('https://storage') ?? /devstorage|cloud-platform/.test(claims.scope ?? '')
    return (
      alg === 'RS256' && claims.iss === this.email && claims.sub === this.email && isTimely && isForStorage
    )
  }
}

/*
 * An SFTP server as plain as the protocol allows (draft-ietf-secsh-filexfer-02, version 3): no extension at all, and a
 * password instead of a key. It keeps real files in a folder.
 */
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import ssh2, { type Connection } from 'ssh2'
import type { SftpOptions } from '../../../src/storage/options.ts'
import { servePlainly } from './session.ts'

export interface PlainSftpServer extends AsyncDisposable {
  /** What opens the folder as the program's storage. */
  options: SftpOptions & { password: string }
  /** The requests that came, as `RENAME`. */
  requests: string[]
}

/** Starts the server on loopback, over a folder of this machine. */
export async function startPlainSftp(folder: string): Promise<PlainSftpServer> {
  const hostKey = newHostKey()
  const [user, password] = ['friend', 'the password of the plain server']
  const requests: string[] = []
  const connections = new Set<Connection>()
  const ssh = new ssh2.Server({ hostKeys: [hostKey.private] }, (connection) => {
    connections.add(connection)
    connection.on('error', () => connection.end()).on('close', () => connections.delete(connection))
    connection.on('authentication', (context) => {
      const { method, username } = context
      if (method === 'password' && username === user && context.password === password) context.accept()
      else context.reject(['password'])
    })
    connection.on('session', (acceptSession) => {
      acceptSession().on('sftp', (accept) => servePlainly(accept(), folder, requests))
    })
  })
  // Its own listener would let each small answer wait for the acknowledgement of the one before.
  const server = createServer({ noDelay: true }, (socket) => ssh.injectSocket(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const place = { type: 'sftp', host: '127.0.0.1', port: address.port, path: '/', connections: 2 } as const
  return {
    requests,
    options: { ...place, user, password, hostKeys: [hostKey.public] },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const connection of connections) connection.end()
      await closed
    },
  }
}

function newHostKey(): { private: string; public: string } {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const key = ssh2.utils.parseKey(privateKey)
  if (key instanceof Error) throw key
  return { private: privateKey, public: `${key.type} ${key.getPublicSSH().toString('base64')}` }
}

import { join } from 'node:path'
import { exec } from './exec.ts'

export interface TestCertificate {
  /** PEM file of the authority that a client must trust. */
  ca: string
  /** PEM file of the server's certificate, for `localhost` and 127.0.0.1. */
  certificate: string
  /** PEM file of the server's private key. */
  key: string
}

const newCertificate = [
  'req',
  '-x509',
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:prime256v1',
  '-nodes',
  '-days',
  '2',
]

/** Writes into `folder` a fresh authority and a server certificate that it signed, both good for two days. */
export async function makeCertificate(folder: string): Promise<TestCertificate> {
  const ca = join(folder, 'ca.pem')
  const caKey = join(folder, 'ca.key')
  const certificate = join(folder, 'server.pem')
  const key = join(folder, 'server.key')
  const authority = ['-subj', '/CN=Test authority', '-keyout', caKey, '-out', ca]
  await exec('openssl', [...newCertificate, ...authority])
  const server = ['-subj', '/CN=localhost', '-keyout', key, '-out', certificate, '-CA', ca, '-CAkey', caKey]
  const names = [
    '-addext',
    'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-addext',
    'basicConstraints=CA:FALSE',
  ]
  await exec('openssl', [...newCertificate, ...server, ...names])
  return { ca, certificate, key }
}

/* Destinations of each type that the program can reach here, with every secret that it takes to reach them. */
import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startGcsServer } from '../servers/gcs/server.ts'
import { s3Client } from '../support/bucket.ts'
import type { S3Server } from '../support/ceph.ts'
import { exec } from '../support/exec.ts'
import { newBucket } from '../support/gcs.ts'
import { startSshServer } from '../support/sshServer.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

export interface SecretPlace extends AsyncDisposable {
  /** Fields of the destination, whose secrets are variables. */
  fields: string
  /** The variables. */
  env: Record<string, string>
  /** Others, with which nobody gets in. */
  wrong: Record<string, string>[]
  /** Every text that must turn up nowhere, those of the wrong variables included. */
  secrets: string[]
  /** All bytes that were stored, as text. */
  stored(): Promise<string>
}

/** All bytes of a bucket, as text. */
export async function s3Contents(server: S3Server, bucket: string): Promise<string> {
  const client = s3Client(server)
  const contents: string[] = []
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    for (const { Key } of Contents) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
      contents.push((await Body?.transformToString('latin1')) ?? '')
    }
  }
  client.destroy()
  return contents.join('\n')
}

export async function gcsPlace(): Promise<SecretPlace> {
  const server = await startGcsServer()
  const bucket = newBucket(server)
  const { keyFile } = server.account
  const key = JSON.parse(keyFile) as { private_key: string }
  const stranger = newPrivateKey('pkcs8')
  const cut = keyFile
    .replace('{"type":"service_account","project_id":"project",', '')
    .replace(/\\n-----END.*/, '')
  return {
    fields: `type: gcs, bucket: ${bucket.name}, endpoint: '${server.url}', credentials: env:GCS_KEY`,
    env: { GCS_KEY: keyFile },
    wrong: [
      { GCS_KEY: JSON.stringify({ ...key, private_key: stranger }) },
      // What is no JSON begins with a secret: parsers like to quote what they could not read.
      { GCS_KEY: cut.slice(cut.indexOf('MII')) },
    ],
    secrets: [key.private_key, stranger],
    stored: async () => [...bucket.objects.values()].map(({ bytes }) => bytes.toString('latin1')).join('\n'),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  }
}

export async function sftpPlace(): Promise<SecretPlace> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startSshServer())
  const folder = await server.folder()
  const { host, port, user, path, hostKeys, privateKey = '' } = folder.options
  const { path: scratch } = stack.use(await temporaryFolder())
  const passphrase = `passphrase-${randomUUID()}`
  const wrongPassphrase = `passphrase-${randomUUID()}`
  const password = `password-${randomUUID()}`
  const stranger = newPrivateKey('pkcs1')
  const locked = await encryptedKey(join(scratch, 'key'), privateKey, passphrase)
  const owned = stack.move()
  return {
    fields: `type: sftp, host: ${host}, port: ${port}, user: ${user}, path: ${path}, hostKey: '${hostKeys[0]}', key: env:SSH_KEY, passphrase: env:SSH_PASSPHRASE, password: env:SSH_PASSWORD`,
    env: { SSH_KEY: locked, SSH_PASSPHRASE: passphrase, SSH_PASSWORD: password },
    wrong: [{ SSH_PASSPHRASE: wrongPassphrase }, { SSH_KEY: stranger }, { SSH_KEY: locked.slice(0, 400) }],
    secrets: [locked, privateKey, stranger, passphrase, wrongPassphrase, password],
    stored: async () => await contentsOf(folder.local),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}

export async function rclonePlace(): Promise<SecretPlace> {
  const folder = await temporaryFolder()
  const disk = join(folder.path, 'disk')
  const config = join(folder.path, 'rclone.conf')
  const password = `password-${randomUUID()}`
  // What a remote keeps in its configuration is rclone's own, and must not come out on its way.
  const kept = `kept-${randomUUID()}`
  await writeFile(
    config,
    `[disk]\ntype = alias\nremote = ${disk}\n\n[other]\ntype = webdav\npass = ${kept}\n`,
  )
  return {
    fields: `type: rclone, remote: 'disk:', config: ${config}, configPassword: env:RCLONE_PASSWORD`,
    env: { RCLONE_PASSWORD: password },
    wrong: [],
    secrets: [password, kept],
    stored: async () => await contentsOf(disk),
    [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose](),
  }
}

async function contentsOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return (
    await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')))
  ).join('\n')
}

async function encryptedKey(path: string, key: string, passphrase: string): Promise<string> {
  await writeFile(path, key, { mode: 0o600 })
  await exec('ssh-keygen', ['-q', '-p', '-P', '', '-N', passphrase, '-f', path])
  return await readFile(path, 'utf8')
}

/** @param type for OpenSSH `pkcs1`, for Google `pkcs8`. */
function newPrivateKey(type: 'pkcs1' | 'pkcs8'): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type, format: 'pem' })
}

import { mkdir, writeFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readCompose } from '../../src/immich/compose.ts'
import { findInstallations, readInstallation } from '../../src/immich/installation.ts'
import { librarySize } from '../../src/immich/librarySize.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

/** In the shape of Immich's own example. */
const compose = `name: immich
services:
  immich-server:
    container_name: immich_server
    image: ghcr.io/immich-app/immich-server:\${IMMICH_VERSION:-release}
    volumes:
      - \${UPLOAD_LOCATION}:/data
      - /etc/localtime:/etc/localtime:ro
    env_file: [.env]
    ports: ['2283:2283']
  redis:
    image: docker.io/valkey/valkey:8
  database:
    image: ghcr.io/immich-app/postgres:14-vectorchord0.4.3-pgvectors0.2.0
    environment:
      POSTGRES_PASSWORD: \${DB_PASSWORD}
    volumes:
      - \${DB_DATA_LOCATION}:/var/lib/postgresql/data
`
const env = `# The location where your uploaded files are stored
UPLOAD_LOCATION=./library
DB_DATA_LOCATION=./postgres
IMMICH_VERSION=v3
DB_PASSWORD=postgres
DB_USERNAME=postgres
DB_DATABASE_NAME=immich
`

async function folderWith(files: Record<string, string>) {
  const folder = await temporaryFolder()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true })
    await writeFile(join(folder.path, name), text)
  }
  return folder
}

describe('an installation', () => {
  test.each(['.', '.env', 'docker-compose.yml'])("is read from Immich's own files, by %s", async (name) => {
    await using folder = await folderWith({ '.env': env, 'docker-compose.yml': compose })
    expect(await readInstallation(join(folder.path, name))).toEqual({
      envFile: join(folder.path, '.env'),
      composeFile: join(folder.path, 'docker-compose.yml'),
      library: join(folder.path, 'library'),
      databaseFiles: join(folder.path, 'postgres'),
      version: 'v3',
      published: undefined,
      passwordInEnv: true,
      databaseHost: undefined,
      databasePort: undefined,
    })
  })

  test('is found beside the working directory and in the home folder, each once', async () => {
    await using folder = await folderWith({
      'work/.env': 'SOMETHING=else',
      'work/immich-app/.env': env,
      'home/immich/compose.yaml': compose,
    })
    await symlink('immich', join(folder.path, 'home/immich-app'))
    await symlink('../work/immich-app', join(folder.path, 'work/immich'))
    const found = await findInstallations(join(folder.path, 'work'), join(folder.path, 'home'))
    expect(found.map(({ envFile, composeFile }) => envFile ?? composeFile)).toEqual([
      join(folder.path, 'work/immich-app/.env'),
      join(folder.path, 'home/immich-app/compose.yaml'),
    ])
  })

  test.each([
    ['somebody else’s', { '.env': 'DB_PASSWORD=x', 'compose.yml': 'services: { a: { image: nginx } }' }],
    ['nothing', {}],
  ])('of %s is refused', async (_what, files) => {
    await using folder = await folderWith(files)
    await expect(readInstallation(folder.path)).rejects.toThrow('is no installation of Immich')
  })
})

const read = (text: string, variables = {}) => readCompose(text, 'compose.yml', variables)

describe('a compose file', () => {
  test.each([
    ['- 127.0.0.1:5433:5432', { host: '127.0.0.1', port: 5433 }],
    ["- '5432:5432'", { host: '127.0.0.1', port: 5432 }],
    ['- 0.0.0.0:5432:5432/tcp', { host: '127.0.0.1', port: 5432 }],
    ['- ${DB_PUBLISHED:-5440}:5432', { host: '127.0.0.1', port: 5440 }],
    ['- { target: 5432, published: "6000", host_ip: 10.0.0.1 }', { host: '10.0.0.1', port: 6000 }],
    ["- '8080:80'", undefined],
  ])('tells where the database is published: %s', (port, expected) => {
    expect(read(`${compose}    ports:\n      ${port}\n`).published).toEqual(expected)
  })

  test.each([
    ['- ${UPLOAD_LOCATION}:/data', '/srv/photos'],
    ['- ./lib:/usr/src/app/upload', './lib'],
    ['- { type: bind, source: /a, target: /data }', '/a'],
    ['- volume:/data', undefined],
  ])('tells where the library is: %s', (volume, expected) => {
    const text = compose.replace('- ${UPLOAD_LOCATION}:/data', volume)
    expect(read(text, { UPLOAD_LOCATION: '/srv/photos' }).library).toBe(expected)
  })

  test('that is none is told with its line, and without its text', () => {
    expect(() => read('a: 1\nb: [secret')).toThrow("compose.yml can't be read as a compose file: line 2")
    expect(() => read('a: 1\nb: [secret')).not.toThrow('secret')
    expect(read('').isImmich).toBe(false)
  })
})

describe('the size of a library', () => {
  test('counts files and follows no links', async () => {
    await using folder = await folderWith({ 'library/a/b.jpg': '12345', 'library/c.jpg': '1', 'x.jpg': '' })
    const signal = new AbortController().signal
    const folders = [join(folder.path, 'library'), join(folder.path, 'missing')]
    expect(await librarySize(folders, { patience: 10_000, signal })).toEqual({
      files: 2,
      bytes: 6,
      whole: true,
    })
    expect(await librarySize(folders, { patience: -1, signal })).toMatchObject({ whole: false })
    await expect(librarySize(folders, { patience: 1, signal: AbortSignal.abort() })).rejects.toThrow(
      'aborted',
    )
  })
})

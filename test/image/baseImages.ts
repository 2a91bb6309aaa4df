/*
 * Stand-ins for the images that the Dockerfile starts from, made of Debian's packages and of the project's own Node: so it
 * is built without a registry of images.
 */
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cachedPackages } from '../support/debian.ts'
import { exec } from '../support/exec.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import type { Docker } from './docker.ts'

/** As in Debian's own slim images: packages come without what only people read. */
const slim = ['doc', 'info', 'lintian', 'locale', 'man'].map(
  (folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`,
)

/** Gives the daemon images called `debian:trixie-slim` and `node:26-trixie-slim`. */
export async function importBaseImages(docker: Docker): Promise<void> {
  const debian = { suite: 'trixie', variant: 'minbase', options: slim } as const
  const forNode = ['ca-certificates', 'libatomic1', 'libstdc++6']
  const [plain, withLibraries] = await Promise.all([
    cachedPackages('debian-trixie.tar', { ...debian, packages: [] }),
    cachedPackages('debian-trixie-node.tar', { ...debian, packages: forNode }),
  ])
  await docker.run(['import', plain, 'debian:trixie-slim'])
  await docker.run(['import', withLibraries, 'for-node'])
  await buildNodeImage(docker)
}

/** Node and npm, with what npm is told on this machine: the registry, and the authority of its certificate. */
async function buildNodeImage(docker: Docker): Promise<void> {
  await using folder = await temporaryFolder()
  const at = (name: string): string => join(folder.path, name)
  await copyFile(process.execPath, at('node'))
  const npm = await exec('sh', ['-c', 'readlink -f -- "$(command -v npm)"'])
  await cp(dirname(dirname(npm)), at('npm'), { recursive: true })
  await writeFile(at('npmrc'), `registry=${await exec('npm', ['config', 'get', 'registry'])}`)
  await mkdir(at('certificates'))
  const authorities = process.env['NODE_EXTRA_CA_CERTS']
  if (authorities !== undefined) await copyFile(authorities, at('certificates/ca-certificates.crt'))
  await writeFile(at('Dockerfile'), nodeImage)
  await docker.run(['build', '--network', 'none', '--tag', 'node:26-trixie-slim', folder.path])
}

const nodeImage = `
FROM for-node
COPY node /usr/local/bin/
COPY npm /usr/local/lib/node_modules/npm
COPY npmrc /usr/local/etc/npmrc
COPY certificates /etc/ssl/certs/
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
`

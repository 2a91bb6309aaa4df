/** What `config init` writes. A line that begins with `#` and a letter is a field that is turned off. */
export const configTemplate = `# Safelight's configuration. It holds no secret: a secret field names where its secret lies, env:NAME (an environment
# variable, or a line of the .env file beside this file), file:/path, or op://vault/item/field (1Password's).
# Relative paths begin at this file's folder.
# See what is in effect, and where it came from, with: safelight config list

# The name of this library's chain of snapshots in the vault. Never the machine's or the pod's name.
host: main

# Immich's media root, the folder that holds upload/ and library/. It is only ever read.
# Without this line: the variables BACKUP_IMMICH_PATH or IMMICH_MEDIA_LOCATION.
#library: /data

# Which of Immich's six folders are backed up. Immich makes thumbs and encoded-video again by itself.
include: [library, upload, profile, backups]

# Further folders to back up, those with the lowest priority number first.
#sources: [{ name: external, path: /srv/photos, priority: 50 }]

# Files that are left out, as globs of their path below the source.
ignore: ["**/.DS_Store", "**/@eaDir/**"]

# Whether to stay on the file system of each source's top folder.
oneFileSystem: false

# Immich's database: a connection URL, and the authority of its certificate if that is your own.
# Without this line: Immich's own variables (DB_URL, or DB_HOSTNAME, DB_PORT, DB_USERNAME, DB_PASSWORD,
# DB_DATABASE_NAME and DB_SSL_MODE, each also with _FILE). They can also be read from Immich's own .env file:
# { env: /opt/immich/.env, host: 127.0.0.1, port: 5432 }, host and port as seen from here. false for no database.
#database: { url: env:DB_URL, ca: file:/run/secrets/database-ca.pem }

# Immich's version, where its database does not tell it: the server to ask, or the version itself.
#immichServer: http://immich-server:2283
#immichVersion: v3.1.0

# What tells that a file may have changed. Take out ctime or inode where the file system does not keep them stable.
compare: [size, mtime, ctime, inode]

# Where this machine remembers what it needs to be quick. Losing it costs time, never a backup.
# Without this line: $XDG_STATE_HOME/safelight; else /var/lib/safelight for root, ~/.local/state/safelight for others.
#state: /var/lib/safelight

# The vault's one secret, made by: safelight keys generate --out FILE
# Keep copies of it outside of this machine: without an identity no backup can be read.
identity: file:/run/secrets/identity

# For an identity file that is protected with a passphrase; without this line, a terminal is asked.
#passphrase: file:/run/secrets/passphrase

# Recipients of further identities that can read the vault, kept offline. All are post-quantum (age1pq1...) or none.
#recovery: [age1...]

# true: the identity above can only add to the vault, and only a recovery identity reads what was stored.
writeOnly: false

# How often a run writes down how far it is, in seconds, and how often it tries again what failed and may pass.
# Without these lines: BACKUP_STATS_INTERVAL and BACKUP_MAX_RETRIES.
#statsInterval: 60
#maxRetries: 3

# How often a backup is expected: when the last good one is older, it is overdue. 90min, 26h, 2d, 1w; also by destination.
expectEvery: 26h

# Who is told how backups are doing: email, ntfy, discord, slack, webhook, healthchecks. docs/notifications.md has each.
# Try them with: safelight notify test
#notify:
#  - { name: phone, type: ntfy, url: env:NTFY_URL, on: [failure, overdue, recovery, sharp-drop, verification-failure] }
#  - { name: cron, type: healthchecks, url: env:HEALTHCHECKS_URL }

# Metrics for Prometheus: a file for node_exporter, a Pushgateway, or both.
#metrics: { textfile: /var/lib/prometheus/node-exporter/safelight.prom, pushgateway: http://pushgateway:9091 }

# What backups may take of the link, all destinations together: 10MB/s, 20Mbit/s, at hours of the day, files at once.
#limits: { upload: 20Mbit/s, hours: [{ from: "08:00", to: "23:00", upload: 4Mbit/s }], concurrency: 4 }

# What storing really costs you, in dollars, where that is not the provider's list price: for estimate and backup --dry-run.
#prices: [{ provider: aws, region: eu-central-1, class: STANDARD, storage: 0.0245 }]

# Where the backups go. Each destination holds one vault; \`safelight init\` makes it and adds a \`vault\` field here.
destinations:
  - { name: disk, type: local, path: /mnt/vault }
#  - name: cloud
#    type: s3
#    provider: other
#    bucket: photos
#    prefix: immich
#    region: eu-central-1
#    endpoint: https://s3.example.com
#    forcePathStyle: true
#    storageClass: STANDARD
#    credentials: { accessKeyId: env:S3_KEY_ID, secretAccessKey: env:S3_SECRET }
#  - name: friend
#    type: sftp
#    host: backup.example.org
#    user: safelight
#    path: vault
#    hostKey: SHA256:0000000000000000000000000000000000000000000
#    key: file:/run/secrets/ssh_key
#  - { name: elsewhere, type: rclone, remote: "myremote:backups/immich" }
#  - { name: drive, type: drive, folder: 0AbcDefGhiJklUk9PVA, serviceAccount: file:/run/secrets/drive.json }
#  - { name: google, type: gcs, bucket: photos, storageClass: ARCHIVE, credentials: file:/run/secrets/gcs.json }
`

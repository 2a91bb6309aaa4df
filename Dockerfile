# The image that docs/kubernetes.md runs:
#
#   docker build --tag safelight .
#   docker buildx build --platform linux/amd64,linux/arm64 --tag registry.example.org/safelight:0.1.0 --push .
#
# It has 363 MB, and `npm run test:image` looks that it stays under 400. The largest parts: Node 150, Debian 78, rclone 60,
# for the storages that only it knows, the program and its packages 57, age and ssh 12; pg_dump and psql 1.3 each major.

FROM node:26-trixie-slim AS program
WORKDIR /app
COPY LICENSE package.json package-lock.json ./
# No package has to build anything: better-sqlite3 brings its binaries, and 25 MB that only others need.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && rm -r node_modules/better-sqlite3/deps \
    && find node_modules/better-sqlite3/prebuilds -type f ! -name 'linux-*' -delete
COPY bin ./bin
COPY src ./src

FROM debian:trixie-slim AS postgres
# A dump needs the pg_dump of the server's own major version. Immich runs on any of these, and the PostgreSQL project's
# own repository has them all. With POSTGRES_SOURCE empty they are Debian's own: trixie has 17.
ARG POSTGRES_MAJORS="14 15 16 17 18"
ARG POSTGRES_SOURCE="deb [signed-by=/usr/share/postgresql-common/pgdg/apt.postgresql.org.asc] https://apt.postgresql.org/pub/repos/apt trixie-pgdg main"
WORKDIR /packages
# postgresql-client-common has the key of that repository. Packages are only unpacked: installed, they would bring Perl,
# which is 50 MB.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && apt-get download postgresql-client-common \
    && dpkg-deb --extract postgresql-client-common_*.deb / \
    && echo "$POSTGRES_SOURCE" >/etc/apt/sources.list.d/postgresql.list \
    && apt-get update \
    && apt-get download libpq5 $(printf 'postgresql-client-%s ' $POSTGRES_MAJORS) \
    && for package in postgresql-client-[1-9]*.deb; do dpkg-deb --extract "$package" / || exit 1; done \
    && find /usr/lib/postgresql -type f ! -name pg_dump ! -name psql -delete

# From Debian and not from Node's image: npm, yarn and corepack stay behind.
FROM debian:trixie-slim
RUN --mount=type=bind,from=postgres,source=/packages,target=/packages \
    apt-get update \
    && apt-get install --yes --no-install-recommends \
         # What Node is linked with, then what pg_dump and psql are.
         libatomic1 libstdc++6 \
         /packages/libpq5_*.deb liblz4-1 libreadline8t64 libzstd1 zlib1g \
         age ca-certificates openssh-client rclone tini \
    && apt-get dist-clean \
    && rm -rf /var/cache/* /var/log/* \
    && useradd --uid 1000 --user-group --home-dir /tmp --no-create-home --shell /usr/sbin/nologin safelight \
    && install --directory --owner=1000 --group=1000 /state
COPY --from=postgres /usr/lib/postgresql /usr/lib/postgresql
COPY --from=program /usr/local/bin/node /usr/local/bin/node
COPY --from=program /app /app
RUN ln --symbolic /app/bin/safelight /app/bin/verify-restore /usr/local/bin/

# All that it writes: /state, best a volume, and TMPDIR, which may be one in memory.
ENV XDG_STATE_HOME=/state HOME=/tmp TMPDIR=/tmp
# Where it looks for safelight.yaml and .env.
WORKDIR /etc/safelight
# Any other user will do as well, for example that of Immich.
USER 1000:1000
# tini is the first process: it passes signals on, and collects what pg_dump and rclone leave behind.
ENTRYPOINT ["tini", "--", "safelight"]
CMD ["backup"]

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Safelight" \
      org.opencontainers.image.description="Encrypted, append-only, verified backups of an Immich photo library and its database" \
      org.opencontainers.image.licenses="AGPL-3.0-only" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim"

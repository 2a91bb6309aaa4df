/**
 * A shell script that runs one `rclone rcd` and ends with it, but ends it as soon as its own stdin does: that pipe is
 * held open by the program alone, so rclone is gone with it, however it ends, SIGKILL included. Secrets come by stdin
 * too, a line each (password of the API, path of the configuration, password of the configuration; empty for none),
 * and go on by the environment, which only the same user and root can read.
 *
 * `$1` is the folder with rclone's log, which goes when the program does. Exit code 127: there is no rclone.
 */
export const daemonScript = `
command -v rclone >/dev/null || exit 127
for name in $(env | sed -nE 's/^(RCLONE_(RC|LOG|SYSLOG|USE_JSON_LOG|QUIET|VERBOSE|DUMP)[A-Z_]*)=.*/\\1/p'); do
  unset "$name"
done
IFS= read -r RCLONE_RC_PASS
IFS= read -r config
IFS= read -r password
export RCLONE_RC_PASS RCLONE_RC_USER=safelight
[ -z "$config" ] || export RCLONE_CONFIG="$config"
[ -z "$password" ] || export RCLONE_CONFIG_PASS="$password"
exec 3<&0 </dev/null
rclone rcd --rc-serve --rc-addr 127.0.0.1:0 --ask-password=false --timeout "\${RCLONE_TIMEOUT:-1m}" \\
  --rc-server-read-timeout 0 --rc-server-write-timeout 0 3<&- &
daemon=$!
{
  read -r _ <&3
  rm -rf -- "$1"
  kill "$daemon"
} &
watch=$!
exec 3<&-
wait "$daemon"
status=$?
kill "$watch"
exit "$status"
`

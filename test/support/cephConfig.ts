/** Ceph's configuration for one monitor and one store in memory, tuned to start fast. */
export function cephConfig({
  id,
  home,
  monitorPort,
}: {
  id: string
  home: string
  monitorPort: number
}): string {
  return `[global]
fsid = ${id}
mon host = v2:127.0.0.1:${monitorPort}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
keyring = ${home}/keyring
run dir = ${home}/run
log file = ${home}/log/$name.log
admin socket = ${home}/run/$name.$pid.asok
pid file = ${home}/run/$name.pid
mon data = ${home}/mon
osd data = ${home}/osd
mgr data = ${home}/mgr

# One copy of everything, in memory. The size is a limit, not a reservation.
osd objectstore = memstore
memstore device bytes = 68719476736
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd op queue = wpq
mon allow pool size one = true
mon allow pool delete = true
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 2
mon osdmap full prune enabled = false

# These two bring the start from 13 s to 2 s.
paxos propose interval = 0.05
paxos min wait = 0.005

rgw enable apis = s3, admin
rgw thread pool size = 64
rgw dns name =
# Pages of a tenth of the usual size: what spans several is soon made.
rgw max listing results = 100
rgw lc debug interval = -1
rgw run sync thread = false
rgw crypt require ssl = false
# A key service with one key, testkey, that keeps it in this file.
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = testkey=MTIzNDU2NzgxMjM0NTY3ODEyMzQ1Njc4MTIzNDU2Nzg=
rgw multi object del max aio = 16
rgw enable usage log = false
# Memory of deleted objects comes back within seconds instead of hours.
rgw gc obj min wait = 5
rgw gc processor period = 5
`
}

#!/bin/sh
# coturn with the certificate of its name, which it reads anew when that is renewed.
#   coturn.sh NAME
# The certificate is the one that Caddy keeps; if there is none, /etc/p2claw/turn-chain.pem with
# turn-key.pem beside it. UDP and TCP are relayed without one, too: if the first one comes more than
# a minute late, this ends, so that it is started again with TLS.
set -eu
name=$1

chain() {
  kept=$(find /data/caddy/certificates -path "*/$name/$name.crt" 2>/dev/null | sort | tail -n 1)
  echo "${kept:-/etc/p2claw/turn-chain.pem}"
}

key_of() {
  case $1 in *.crt) echo "${1%.crt}.key" ;; *) echo "${1%-chain.pem}-key.pem" ;; esac
}

state() { # what is in both, or nothing
  file=$(chain)
  cat "$file" "$(key_of "$file")" 2>/dev/null | cksum
}

none=$(cksum </dev/null)
tries=60
while [ "$(state)" = "$none" ] && [ $tries -gt 0 ]; do
  sleep 1
  tries=$((tries - 1))
done
before=$(state)
file=$(chain)
log=/var/log/p2claw-turn/turn.log
turnserver -c /etc/p2claw/turnserver.conf --userdb=/tmp/turndb --pidfile=/tmp/turn.pid \
  --cert="$file" --pkey="$(key_of "$file")" &
pid=$!
trap 'kill $pid' TERM INT

while kill -0 $pid 2>/dev/null; do
  sleep "${COTURN_LOOK_S:-60}" &
  wait $! || true
  # The server has read it: it looks every 2 s.
  [ "$(wc -c <"$log" 2>/dev/null || echo 0)" -lt 20000000 ] || : >"$log"
  now=$(state)
  if [ "$now" != "$before" ] && [ "$now" != "$none" ]; then
    echo "coturn.sh: another certificate for $name"
    if [ "$before" = "$none" ]; then kill $pid; else kill -USR2 $pid; fi
    before=$now
  fi
done
wait $pid

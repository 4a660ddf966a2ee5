#!/bin/sh
# Runs a server that must not outlive its owner.
#
#   sh leash.sh PID_FILE COMMAND [ARGUMENTS]     file descriptor 3: a pipe whose other end the owner holds
#
# The kernel closes the owner's end however the owner dies, kill -9 included. Then the server gets SIGTERM and,
# five seconds later, SIGKILL. When the server ends by itself, so does this script, with its status.
# Prints the server's process number first; what the server prints goes to stderr, which is its log.

pid_file=$1
shift

# Without the pipe: a server that held it would keep its own leash from noticing anything.
"$@" >&2 3<&- &
server=$!
echo "$server" >"$pid_file"
echo "$server"

(
  # Nothing is ever written to the pipe, so this returns when its other end is closed.
  read -r _ <&3
  kill -TERM "$server"
  tenths=50
  while [ "$tenths" -gt 0 ] && kill -0 "$server"; do
    sleep 0.1
    tenths=$((tenths - 1))
  done
  kill -KILL "$server"
) >/dev/null 2>&1 &
watcher=$!
exec 3<&-

wait "$server"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"

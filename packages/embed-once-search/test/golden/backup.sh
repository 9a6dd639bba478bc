#!/usr/bin/env bash
# Copies a folder and keeps the last copies.
set -euo pipefail

KEEP=7
TARGET=${1:?a target is needed}

# Prints to standard error, with the time.
say() {
  printf '%s %s\n' "$(date +%T)" "$*" >&2
}

# Deletes all but the newest copies.
prune() {
  local copies
  mapfile -t copies < <(ls -1dt "$TARGET"/copy-* 2>/dev/null || true)
  for copy in "${copies[@]:$KEEP}"; do
    say "deleting $copy"
    rm -rf -- "$copy"
  done
}

function copy_all {
  local name
  name="copy-$(date +%Y%m%d-%H%M%S)"
  if ! mkdir "$TARGET/$name"; then
    say "$name is there already"
    return 1
  fi
  cp -a -- "$2" "$TARGET/$name/"
  say "wrote $name"
}

copy_all "$@"
prune

#!/bin/sh
# The browser tests drive Debian's Chromium: install it where that is possible, else say how.
set -eu
[ -n "${ALLIAGE_CHROMIUM:-}" ] && [ -x "$ALLIAGE_CHROMIUM" ] && exit 0
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium for the browser tests…"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
  exit 0
fi
echo "Chromium is missing: the browser tests need it. On Debian: sudo apt-get install chromium. Elsewhere, set ALLIAGE_CHROMIUM to its path." >&2
exit 1

#!/bin/sh
# Install the locked requirements, then Alliage itself from its sources.
set -eu
bin="$1"; requirements="$2"
echo "Installing Alliage and what it needs ($requirements)…"
"$bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements" || {
  echo "The packages could not be installed. Is the network, or the package mirror that pip is set up with, reachable? Run make again: what was downloaded is kept." >&2
  exit 1
}
"$bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable .

#!/bin/sh
# Say clearly what is missing to make a virtual environment.
set -eu
python="$1"
if ! command -v "$python" >/dev/null 2>&1; then
  echo "Python is missing: « $python » was not found. Install Python 3.11 or later (Debian: apt-get install python3 python3-venv), or name it: make demo PYTHON=/path/to/python3.12" >&2
  exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Alliage needs Python 3.11 or later; « $python » is $("$python" -V 2>&1). Name a newer one: make demo PYTHON=python3.12" >&2
  exit 1
fi
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing python3-venv…"
    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
  else
    echo "The venv module of $python is missing. On Debian: sudo apt-get install python3-venv" >&2
    exit 1
  fi
fi

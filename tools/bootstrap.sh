#!/bin/sh
# Make .venv from a hashed lock, or do nothing if it is there already.
#   tools/bootstrap.sh run|dev|crosscheck|provenance
# PYTHON=...  the Python to use;  WHEELS=folder  install from that folder, without network.
set -eu

kind=$1
cd "$(dirname "$0")/.."
venv=.venv
case $kind in crosscheck | provenance) venv=.venv-$kind ;; esac
lock=requirements/$kind.lock
say() { printf '%s\n' "$*" >&2; }
fail() { say "make: $*"; exit 1; }

suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        suits "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.11, 3.12 or 3.13; give the path of one that is"
        printf '%s' "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        if suits "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
    done
    found=$(python3 --version 2>/dev/null || echo "no python3")
    fail "needs Python 3.11, 3.12 or 3.13, found $found; install one (Debian, Ubuntu: apt install python3.11 python3.11-venv) or give PYTHON=/path/to/python3.11"
}

digest() { "$1" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$2"; }

# An environment of the dev lock holds all of the run lock (tests/unit/test_environment.py).
if [ -x "$venv/bin/python" ] && suits "$venv/bin/python"; then
    for have in $kind dev; do
        if [ "$(cat "$venv/installed-$have" 2>/dev/null)" = "$(digest "$venv/bin/python" "requirements/$have.lock")" ]; then
            exit 0
        fi
    done
else
    python=$(find_python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python has no venv module; install it (Debian, Ubuntu: apt install python3-venv) or give PYTHON="
    rm -rf "$venv"
    say "making $venv with $("$python" --version)"
    "$python" -m venv "$venv" || fail "cannot create $venv; see the message above"
fi

log=$venv/install.log
say "installing $lock into $venv (about a minute; log: $log)"
source_options=""
if [ -n "${WHEELS:-}" ]; then
    [ -d "$WHEELS" ] || fail "WHEELS=$WHEELS is not a folder; give the folder that holds the wheels"
    source_options="--no-index"
    PIP_FIND_LINKS=$WHEELS
    export PIP_FIND_LINKS
fi
# shellcheck disable=SC2086
if ! "$venv/bin/python" -m pip install --disable-pip-version-check --no-deps --require-hashes \
    $source_options -r "$lock" >"$log" 2>&1; then
    if grep -qiE 'NewConnectionError|Temporary failure|Max retries|connection (timed out|refused|broken)|No matching distribution|network is unreachable|ProxyError' "$log"; then
        fail "packages cannot be fetched: check the network or proxy, or give WHEELS=folder with the wheels of $lock; details: $log"
    elif grep -qi 'DO NOT MATCH THE HASHES' "$log"; then
        fail "a downloaded package does not match its hash in $lock and was refused; details: $log"
    elif grep -qi 'No space left' "$log"; then
        fail "the disk is full: the environment needs about 700 MB; details: $log"
    fi
    fail "installing $lock failed: $(tail -n 1 "$log"); details: $log"
fi
"$venv/bin/python" -m pip install --disable-pip-version-check --no-deps --no-build-isolation \
    --no-index -e . >>"$log" 2>&1 || fail "installing this package failed; details: $log"
# Once, rather than in several jobs at the same time: compile the library (what does not compile says so
# when it is used), and build matplotlib's font list.
if [ "$venv" = .venv ]; then
    "$venv/bin/python" -m compileall -q src >>"$log" 2>&1 || true
    "$venv/bin/python" -c 'import matplotlib.font_manager' >>"$log" 2>&1 ||
        fail "matplotlib does not start; details: $log"
fi
digest "$venv/bin/python" "$lock" >"$venv/installed-$kind"

#!/bin/sh
# Prints the path of a Python that can make the project's environment, or says what to install.
set -eu

usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    usable "$PYTHON" && { command -v "$PYTHON"; exit 0; }
    echo "PYTHON=$PYTHON is not a Python 3.11 or newer with the venv module." >&2
    exit 1
fi
for name in python3 python3.12 python3.13 python3.11 python3.14 python; do
    if command -v "$name" >/dev/null 2>&1 && usable "$name"; then
        command -v "$name"
        exit 0
    fi
done

{
    echo "Tapetum needs Python 3.11 or newer with the venv module, and none was found."
    if command -v apt-get >/dev/null 2>&1; then
        echo "Install it with:  sudo apt-get install python3 python3-venv"
    elif command -v dnf >/dev/null 2>&1; then
        echo "Install it with:  sudo dnf install python3.12"
    elif command -v brew >/dev/null 2>&1; then
        echo "Install it with:  brew install python@3.12"
    fi
    echo "or name one:      make PYTHON=/path/to/python3.12 …"
} >&2
exit 1

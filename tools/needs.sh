#!/bin/sh
# needs.sh -- whether the libraries that the build needs are there; a sentence that helps if not.
#
#   sh tools/needs.sh PKG_CONFIG LIBRARY...
pkg_config=$1
shift
if ! command -v "$pkg_config" >/dev/null 2>&1; then
    echo "Troth's build needs $pkg_config. ./run installs what is missing; CONTRIBUTING.md has the list." >&2
    exit 1
fi
"$pkg_config" --exists --print-errors "$@" && exit 0
echo "A library that Troth needs is missing. ./run installs it; CONTRIBUTING.md has the list." >&2
exit 1

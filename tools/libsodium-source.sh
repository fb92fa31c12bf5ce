#!/bin/sh
# libsodium-source.sh -- puts the source of Debian's libsodium, with Debian's patches, where the build wants it.
#
#   sh tools/libsodium-source.sh DIR
#
# Afterwards DIR holds the unpacked source. LIBSODIUM_SRC=dir names a copy that is there already; it is
# only read. Without it, apt fetches the source package from the mirror that this machine is set up for:
# its own package sources are read, turned into sources of source packages in a directory of ours, and
# used for this one call. Nothing under /etc or of apt's own state is written, and no root is needed.
set -u
dir=$1

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

if [ -n "${LIBSODIUM_SRC:-}" ]; then
    [ -d "$LIBSODIUM_SRC/src/libsodium" ] ||
        fail "LIBSODIUM_SRC=$LIBSODIUM_SRC holds no libsodium: src/libsodium is missing in it."
    mkdir -p "$(dirname "$dir")" && rm -rf "$dir" && cp -R "$LIBSODIUM_SRC" "$dir" && exit 0
    fail "The copy of libsodium in $LIBSODIUM_SRC could not be copied to $dir."
fi

for tool in apt-get dpkg-source; do
    command -v $tool >/dev/null 2>&1 || fail \
        "The wasm build needs libsodium's source and there is no $tool here to get it." \
        "Unpack libsodium 1.0.18 somewhere and say LIBSODIUM_SRC=that-directory."
done

work=$(mktemp -d) || fail "No directory could be made for fetching libsodium's source."
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial" "$work/source"

# One-line sources: "deb [options] ..." becomes "deb-src [options] ...".
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -n 's/^[[:space:]]*deb\(-src\)\{0,1\}[[:space:]]/deb-src /p' | sort -u >"$work/parts/source.list"
# Stanzas: their Types line becomes "deb-src", and a stanza that is switched off stays off.
for sources in /etc/apt/sources.list.d/*.sources; do
    [ -f "$sources" ] || continue
    sed 's/^[Tt]ypes:.*/Types: deb-src/' "$sources" >"$work/parts/$(basename "$sources")"
done

quiet_apt() {
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/parts" \
        -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User= -o Acquire::Retries=2 "$@" >>"$work/log" 2>&1
}

fail_apt() {
    tail -n 15 "$work/log" >&2
    fail "$1" "Is this machine online, and does its apt reach a Debian mirror? (LIBSODIUM_SRC=dir names a copy to use instead.)"
}

quiet_apt update || fail_apt "The list of Debian's source packages could not be fetched."
# The very revision that the native library was made from, so that both decide alike.
version=$(dpkg-query -W -f '${source:Version}' libsodium-dev 2>/dev/null)
(cd "$work/source" && quiet_apt source "libsodium${version:+=$version}") ||
    fail_apt "libsodium's source package ${version:+(revision $version, as installed) }could not be fetched."
set -- "$work"/source/libsodium-*/
[ -d "$1/src/libsodium" ] || fail "libsodium's source package does not look as expected: src/libsodium is missing."
mkdir -p "$(dirname "$dir")" && rm -rf "$dir" && mv "$1" "$dir" || fail "libsodium's source could not be put into $dir."

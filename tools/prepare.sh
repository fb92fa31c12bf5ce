#!/bin/bash
# prepare.sh -- what ./run and ./test need of the machine: finds what is missing, says it, installs it.
#
# Read by bash from ./run and ./test; not run by itself.
#
#   prepare run          what building and running the server takes
#   prepare test         that, and what the tests take
#
# On Debian 12 the missing packages are installed, as root or through sudo, and nothing else is touched.
# On any other system they are named and the script ends, unless all that they provide is there already.

# package                 how to tell that it is there        what for
needs_run='
gcc                       command gcc                          compiles Troth
make                      command make                         builds it
pkg-config                command pkg-config                   finds the libraries
libc6-dev                 file /usr/include/stdio.h            headers of the C library
libsodium-dev             library libsodium                    signatures and encryption
libsqlite3-dev            library sqlite3                      the store
libmicrohttpd-dev         library libmicrohttpd                HTTP
libcurl4-openssl-dev      library libcurl                      the terminal client speaks with servers through it
libqrencode-dev           library libqrencode                  draws invitations
libutf8proc-dev           library libutf8proc                  passphrases in one form, and how wide text is
tzdata                    file /usr/share/zoneinfo/UTC         dates in the time zone where somebody lives
'
needs_test='
clang                     command clang                        second compiler, and the one for WebAssembly
lld                       command wasm-ld                      links WebAssembly
libclang-rt-dev-wasm32    builtins wasm32                      what clang needs for WebAssembly
wasi-libc                 file /usr/include/wasm32-wasi/stdio.h  C library for WebAssembly
nodejs                    command node                         runs WebAssembly, and builds the client in the browser
npm                       command npm                          fetches what that client is built with
chromium                  command chromium                     the browser that it is tested in
dpkg-dev                  command dpkg-source                  unpacks the source of libsodium for WebAssembly
libcmocka-dev             library cmocka                       the tests are written with it
libcbor-dev               library libcbor                      a second opinion on CBOR
openssl                   command openssl                      certificates, and a TLS client, for the tests
'

# is_there KIND NAME: whether what a package provides is there, wherever it came from.
is_there() {
    case $1 in
    command) command -v "$2" >/dev/null 2>&1 ;;
    library) pkg-config --exists "$2" 2>/dev/null ;;
    file) [ -e "$2" ] ;;
    builtins) [ -e "$(clang -print-resource-dir 2>/dev/null)/lib/wasi/libclang_rt.builtins-$2.a" ] ;;
    esac
}

is_debian_12() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null &&
        (. /etc/os-release && [ "$ID" = debian ] && [ "${VERSION_ID:-}" = 12 ]) 2>/dev/null
}

# prepare run|test
prepare() {
    local needs=$needs_run package kind name purpose missing=() reasons=
    [ "$1" = test ] && needs+=$needs_test
    while read -r package kind name purpose; do
        [ -n "$package" ] || continue
        is_there "$kind" "$name" && continue
        missing+=("$package")
        reasons+=$(printf '  %-24s %s' "$package" "$purpose")$'\n'
    done <<<"$needs"
    [ ${#missing[@]} -eq 0 ] && return 0

    if ! is_debian_12; then
        printf 'Troth needs some things that are not on this system. On Debian 12 they are in these packages:\n%s' "$reasons"
        printf 'This is another system, so nothing was installed. Install what corresponds to them, then try again.\n'
        exit 1
    fi
    printf 'These packages are missing and will be installed from Debian:\n%s' "$reasons"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            printf 'That takes root, and there is no sudo here. As root, say:\n  apt-get install --no-install-recommends %s\n' "${missing[*]}"
            exit 1
        fi
        as_root=(sudo)
    fi
    install_packages "${missing[@]}"
}

# install_packages PACKAGE...: with as_root from prepare. The log is shown only if it went wrong.
install_packages() {
    local log
    log=$(mktemp) || exit 1
    if "${as_root[@]}" apt-get -q update >"$log" 2>&1 &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=60 --no-install-recommends install "$@" >>"$log" 2>&1; then
        rm -f "$log"
        printf 'Installed.\n'
        return 0
    fi
    tail -n 15 "$log"
    printf 'The packages could not be installed; apt says why above, and all of it is in %s.\n' "$log"
    printf 'Often the machine is offline, or another apt is running. Nothing of Troth was changed; try again after that.\n'
    exit 1
}

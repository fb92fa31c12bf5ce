#!/bin/sh
# libsodium-wasm.sh -- compiles libsodium's portable C for wasm32.
#
#   sh tools/libsodium-wasm.sh SOURCE OUT LINKER COMPILER FLAG...
#
# Afterwards OUT/libsodium.o and OUT/include are there; nothing is written into SOURCE. What libsodium
# has for one kind of processor guards itself and comes out empty. The release must be 1.0.18: which odd
# signatures count as valid differs between releases, and must not differ between two members.
#
# One object instead of an archive, because Debian's ar writes no index for wasm objects, and the ar
# that does would be one more package; the final link drops what nobody calls.
set -u
source=$1
out=$2
linker=$3
shift 3

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

grep -q '^AC_INIT(\[libsodium\],\[1\.0\.18\]' "$source/configure.ac" 2>/dev/null ||
    fail "The source in $source is not libsodium 1.0.18, the one release that all of Troth uses."
rm -rf "$out"
mkdir -p "$out/object" && cp -R "$source/src/libsodium/include" "$out/include" || fail "$out could not be written."

# What its "configure" would write.
sed -e 's/@VERSION@/1.0.18/' -e 's/@SODIUM_LIBRARY_VERSION_MAJOR@/10/' -e 's/@SODIUM_LIBRARY_VERSION_MINOR@/3/' \
    -e 's/@SODIUM_LIBRARY_MINIMAL_DEF@//' "$out/include/sodium/version.h.in" >"$out/include/sodium/version.h"

# Its warnings are not ours to mend. Were two of its files to have the same name, the count would show it.
source=$(cd "$source/src/libsodium" && pwd)
cd "$out/object" || fail "$out could not be written."
find "$source" -name '*.c' | sort | xargs -P "$(nproc 2>/dev/null || echo 1)" -n 20 "$@" -w \
    -DCONFIGURED=1 -DNATIVE_LITTLE_ENDIAN=1 -D_WASI_EMULATED_SIGNAL -DSODIUM_STATIC=1 -fvisibility=hidden \
    -I ../include -I ../include/sodium -c ||
    fail "libsodium did not compile for wasm32; the compiler's words stand above."
[ "$(find "$source" -name '*.c' | wc -l)" = "$(find . -name '*.o' | wc -l)" ] ||
    fail "libsodium did not compile whole for wasm32: some of its files have no object in $out/object."
"$linker" -r -o ../libsodium.o ./*.o || fail "libsodium's objects could not be joined."

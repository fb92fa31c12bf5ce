#!/bin/sh
# gates-selftest.sh -- the test of the gates: breaks each rule on purpose and expects its gate to object.
#
#   sh tools/gates-selftest.sh
#
# Works in a scratch tree. A gate that lets a violation through, objects without naming file and line,
# or objects to a tree that keeps the rules, is an error here.
set -u
tools=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
all_well=0

complain() {
    printf 'selftest: %s\n' "$*" >&2
    all_well=1
}

# A tree that keeps every rule, with words in comments and strings that only look like violations.
fresh() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree/mk" "$tree/src/base" "$tree/src/record" "$tree/src/store" "$tree/src/server" "$tree/tests/unit"
    cat >"$tree/src/base/good.c" <<'END'
/* good.c -- calls no sprintf(), asks no time() of anyone.
 * malloc(3) and SELECT a FROM b are words here, and so is /tmp. */
#include "base/good.h"

#include <string.h>

int good_run_time(const char *text)
{
    const char *said = "strcpy(a, b)"; // fopen(said)
    return said == text;
}
END
    echo '/* good.h -- nothing. */' >"$tree/src/base/good.h"
    echo '#include "base/good.h"' >"$tree/src/record/good.c"
    echo 'static const char *const all = "SELECT id FROM entry";' >"$tree/src/store/good.c"
    printf 'SRC := \\\n\tsrc/base/good.c \\\n\tsrc/record/good.c src/store/good.c\n' >"$tree/mk/files.mk"
}

# expect silence|objection GATE WHAT: runs the gate over the tree; WHAT says what is in it.
expect() {
    said=$(sh "$tools/gate-$2.sh" "$tree" 2>&1)
    status=$?
    case $1 in
    silence) [ $status -eq 0 ] && [ -z "$said" ] || complain "the gate \"$2\" objects to $3: $said" ;;
    objection)
        [ $status -ne 0 ] || complain "the gate \"$2\" lets through: $3"
        printf '%s\n' "$said" | grep -q '^[a-z][A-Za-z0-9_./-]*:[0-9][0-9]*:' ||
            complain "the gate \"$2\" does not say where: $3"
        ;;
    esac
}

# break FILE GATE LINE: puts one line into a fresh tree's file; the gate must object.
break_rule() {
    fresh
    mkdir -p "$(dirname "$tree/$1")"
    printf '%s\n' "$3" >>"$tree/$1"
    expect objection "$2" "$1 with $(printf "%s\n" "$3" | head -n 1)"
}

# allow FILE GATE LINE: the same, and the gate must stay silent.
allow() {
    fresh
    mkdir -p "$(dirname "$tree/$1")"
    printf '%s\n' "$3" >>"$tree/$1"
    expect silence "$2" "$1 with $(printf "%s\n" "$3" | head -n 1)"
}

fresh
for gate in files includes banned functions portable shell; do expect silence $gate 'a tree that keeps the rules'; done

break_rule tools/a.sh shell "list='what is Ana's'"
allow tools/a.sh shell "list='what Ana has'"
break_rule src/base/forgotten.c files 'int forgotten;'
allow src/base/good.h files 'int more;'

break_rule src/base/a.c includes '#include "record/hash.h"'
break_rule src/base/a.h includes '#include "store/store.h"'
break_rule src/record/a.c includes '#include "store/store.h"'
break_rule src/record/a.c includes '#include "practice/promise.h"'
break_rule src/store/a.c includes '#include "server/hub.h"'
break_rule src/server/a.c includes '#include "practice/promise.h"'
break_rule src/practice/a.c includes '#include "picture/picture.h"'
break_rule src/practice/a.c includes '#include "device/copy.h"'
break_rule src/server/a.c includes '#include "device/copy.h"'
break_rule src/device/a.c includes '#include "client/home.h"'
allow src/wasm/a.c includes '#include "device/copy.h"'
break_rule src/cli/a.c includes '#include "server/http.h"'
break_rule src/other/a.c includes '#include "base/str.h"'
break_rule src/base/a.c includes '#include "str.h"'
break_rule src/record/a.c includes '#include "../store/store.h"'
break_rule src/base/a.c includes '#include <sodium.h>'
break_rule src/server/a.c includes '#  include <sodium/utils.h>'
break_rule src/server/a.c includes '#include <sqlite3.h>'
break_rule src/server/routes.c includes '#include <microhttpd.h>'
break_rule src/client/sync.c includes '#include <curl/curl.h>'
break_rule src/client/live.c includes '#include <curl/curl.h>'
break_rule src/client/a.c includes '#include <qrencode.h>'
break_rule src/base/a.c includes '#include SOMETHING'
allow src/record/a.c includes '#include <sodium.h>'
allow src/store/store_sqlite.c includes '#include <sqlite3.h>'
allow src/server/http_mhd_live.c includes '#include <microhttpd.h>'
allow src/client/fetch.c includes '#include <curl/curl.h>'
allow src/cli/qr.c includes '#include <qrencode.h>'
allow src/server/a.c includes '#include "store/store.h"'

for call in 'sprintf(b, "x")' 'strcpy(b, a)' 'strcat(b, a)' 'strtok(b, a)' 'gets(b)' 'alloca(3)' 'atoi(a)' 'rand()' 'srand (1)'; do
    break_rule src/server/a.c banned "static int f(void) { return $call; }"
    break_rule tests/unit/a.c banned "static int f(void) { return $call; }"
done
for call in 'time(NULL)' 'clock_gettime(1, &t)' 'fopen(a, b)' 'open(a, 0)' 'malloc(3)' 'free(p)' 'getenv("A")' 'exit(1)'; do
    break_rule src/base/a.c banned "static int f(void) { return $call; }"
    break_rule src/record/a.h banned "static int f(void) { return $call; }"
done
break_rule src/server/a.c banned 'static const char *sql = "SELECT id FROM entry";'
break_rule src/server/a.c banned 'static const char *sql = "INSERT INTO entry VALUES(1)";'
break_rule src/record/a.c banned 'static const char *sql = "PRAGMA synchronous=OFF";'
break_rule src/server/a.c banned 'static void f(void) { exit(1); }'
break_rule src/base/a.c banned '/* over */ static int f(void) { return time(0); }'
break_rule src/device/a.c banned 'static void *f(void) { return malloc(3); }'
break_rule src/wasm/a.c banned 'static void *f(void) { return malloc(3); }'
allow src/server/main.c banned 'static void f(void) { exit(1); }'
break_rule src/server/a.c banned 'static int64_t f(void) { return time(NULL); }'
break_rule src/store/a.c banned 'static int f(void) { return clock_gettime(CLOCK_REALTIME, &t); }'
allow src/server/clock.c banned 'static int f(void) { return clock_gettime(CLOCK_REALTIME, &t); }'
allow src/server/log.c banned 'static void *f(void) { return gmtime_r(&t, &u); }'
allow tests/unit/a.c banned 'static int64_t f(void) { return time(NULL); }'
allow src/server/a.c banned 'static int f(void) { return snprintf(b, 1, "x") + fgets(b, 1, in) + x->time(1); }'
allow src/base/arena.c banned 'static void *f(void) { return malloc(3); }'
allow src/base/a.c banned 'static int f(void) { return overtime(3) + hub.open(3); }'

# body N: a function of N lines, braces included.
body() {
    echo 'int f(void)'
    echo '{'
    awk -v n=$(($1 - 2)) 'BEGIN { while (n-- > 0) print "    g();" }'
    echo '}'
}
break_rule src/base/a.c functions "$(body 61)"
break_rule tests/unit/a.c functions "$(body 81)"
break_rule src/base/a.c functions "$(body 61 | sed 'N;s/)\n{/) {/')"
break_rule src/base/a.c functions "$(body 20 | sed '$d')"
allow src/base/a.c functions "$(body 60)"
allow tests/unit/a.c functions "$(body 80)"
allow src/base/a.c functions "$(body 59; echo; body 59)"

# The scratch lines are put together here, so that this file itself keeps the rule.
break_rule tests/unit/a.c portable "static const char *data = \"/""home/ana/troth.db\";"
break_rule docs/a.md portable "see /""tmp/log"
break_rule tools/a.sh portable "fetch https://deb.""debian.org/debian"
break_rule web/package.json portable "https://registry.""npmjs.org/preact"
allow docs/a.md portable 'a directory under /tmp, or $HOME/data, or https://troth.example/home/page'

# symbols silence|objection NAME SOURCE: a library of the one object NAME.o, compiled from SOURCE.
fresh
symbols() {
    printf '%s\n' "$3" >"$tree/$2.c"
    rm -f "$tree/core.a"
    "${CC:-cc}" -O0 -w -fno-builtin -c "$tree/$2.c" -o "$tree/$2.o" && ar rcs "$tree/core.a" "$tree/$2.o" ||
        complain "the library for the gate \"symbols\" could not be made"
    said=$(sh "$tools/gate-symbols.sh" "$tree/core.a" "$tools/core-symbols.txt" 2>&1)
    status=$?
    if [ "$1" = silence ]; then
        [ $status -eq 0 ] || complain "the gate \"symbols\" objects to $2.o with $3: $said"
    else
        [ $status -ne 0 ] || complain "the gate \"symbols\" lets through $2.o with $3"
        printf '%s\n' "$said" | grep -q "^$2\.o: " || complain "the gate \"symbols\" does not say where: $3"
    fi
}
symbols silence a 'int own(void) { return 1; } int f(void *p) { memset(p, 0, 3); crypto_sign(p); return own(); }'
symbols silence arena 'void *f(void) { return malloc(3); }'
symbols objection a 'void *f(void) { return malloc(3); }'
symbols objection a 'long f(void) { return time(0); }'
symbols objection a 'extern void *stderr; int f(void) { return fprintf(stderr, "x"); }'
symbols objection a 'int f(void) { return memset_sneaky(1); }'

exit $all_well

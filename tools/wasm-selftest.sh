#!/bin/sh
# wasm-selftest.sh -- the test of the WebAssembly check: what must not pass does not pass.
#
#   sh tools/wasm-selftest.sh "RUN" COMPILER FLAG...
#
# RUN is the command that runs a program. A module that asks for the time is refused, as a program and as
# a core; one that opens a file is; a program that fails or traps gives its status on.
set -u
run=$1
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
all_well=0

# expect STATUS WHAT OPTIONS SOURCE: compiles SOURCE, and runs it; STATUS is 0, or "refused", or "error".
expect() {
    printf '%s\n' "$4" >"$work/a.c"
    if ! "$COMPILER" $FLAGS -w "$work/a.c" -o "$work/a.wasm"; then
        echo "selftest: the program for \"$2\" does not compile" >&2
        all_well=1
        return
    fi
    said=$($run $3 "$work/a.wasm" 2>&1)
    status=$?
    case $1 in
    0) [ $status -eq 0 ] ;;
    refused) [ $status -ne 0 ] && printf '%s' "$said" | grep -q 'does not allow' ;;
    error) [ $status -ne 0 ] && ! printf '%s' "$said" | grep -q 'does not allow' ;;
    esac && return
    echo "selftest: $2: wanted $1, got status $status and: $said" >&2
    all_well=1
}
COMPILER=$1
shift
FLAGS=$*

expect 0 'a program that prints' '' '#include <stdio.h>
int main(void) { return puts("1 passed, 0 failed") < 0; }'
expect error 'a program that fails' '' 'int main(void) { return 3; }'
expect error 'a program that traps' '' 'int main(void) { __builtin_trap(); }'
expect error 'a stack used up' '' 'int f(volatile int *p) { volatile int a[9999]; a[0] = 1; return f(a) + p[0]; }
int main(void) { int a = 0; return f(&a); }'
expect refused 'a program that asks for the time' '' '#include <time.h>
int main(void) { return time(0) == 0; }'
expect refused 'a core that asks for the time' '--imports-of core' '#include <time.h>
int main(void) { return time(0) == 0; }'
expect refused 'a core that prints' '--imports-of core' '#include <stdio.h>
int main(void) { return puts("hello") < 0; }'
expect refused 'a program that opens a file' '' '#include <stdio.h>
int main(void) { return fopen("a", "r") != 0; }'
expect refused 'a core that ends the process' '--imports-of core' '#include <stdlib.h>
int main(void) { exit(1); }'
exit $all_well

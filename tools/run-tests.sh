#!/bin/sh
# run-tests.sh -- runs test programs one after the other: one line each, the output only of what failed.
#
#   sh tools/run-tests.sh OUT PROGRAM...
#
# Two kinds of program are understood: cmocka's, and the plain ones of tests/vectors, which end with
# "N passed, N failed". A program that ran no test, stopped half-way, or says that all is well and
# yet ends with an error counts as one failure. RUNNER may name a command to run each program with,
# TEST_LIMIT_S how long one may take before it is stopped.
#
# Adds one line "passed failed" per program to OUT/tally, and leaves the output in OUT/log.
out=$1
shift
mkdir -p "$out/log"
[ $# -gt 0 ] || echo '  There is no test of this kind yet.'
all_well=0
limit_s=${TEST_LIMIT_S:-900}

# Prints "passed failed skipped" of one program's output.
count() {
    awk '
        /^\[  PASSED  \] [0-9]+ test/         { passed += $4; known = 1 }
        /^\[  FAILED  \] [0-9]+ test/         { failed += $4; known = 1 }
        /^\[  SKIPPED \] [0-9]+ test/         { skipped += $4 }
        /^[0-9]+ passed, [0-9]+ failed$/      { passed += $1; failed += $3; known = 1 }
        END { if (!known) print "0 0 0"; else print passed + 0, failed + 0, skipped + 0 }' "$1"
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

for program in "$@"; do
    name=${program#"$out/"}
    name=${name#tests/}
    log=$out/log/$(echo "$name" | tr / -)
    start=$(now_ms)
    timeout "$limit_s" ${RUNNER:-} "$program" >"$log" 2>&1
    status=$?
    took=$(($(now_ms) - start))
    read -r passed failed skipped <<END
$(count "$log")
END
    why=
    if [ "$failed" -eq 0 ] && [ "$status" -ne 0 ]; then
        failed=1
        why="ended with status $status"
        [ "$status" -eq 124 ] && why="not done after $limit_s s"
    elif [ "$((passed + failed + skipped))" -eq 0 ]; then
        failed=1
        why='ran no test'
    fi
    [ "$skipped" -gt 0 ] && why="$skipped skipped"
    verdict=ok
    [ "$failed" -gt 0 ] && verdict=FAILED
    printf '  %-7s %-28s %4d passed %s%6d.%03d s%s\n' "$verdict" "$name" "$passed" \
        "$([ "$failed" -gt 0 ] && echo "$failed failed ")" "$((took / 1000))" "$((took % 1000))" "${why:+  ($why)}"
    echo "$passed $failed" >>"$out/tally"
    if [ "$verdict" = FAILED ]; then
        all_well=1
        tail -n 60 "$log" | sed 's/^/    | /'
        echo "    The whole output is in $log; again with: ${RUNNER:+$RUNNER }$program"
    fi
done
exit $all_well

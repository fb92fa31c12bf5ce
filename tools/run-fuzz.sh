#!/bin/sh
# run-fuzz.sh -- runs fuzzers one after the other, each for so many seconds: one line each.
#
#   sh tools/run-fuzz.sh OUT SECONDS NAME...
#
# The program is OUT/fuzz/NAME-libfuzzer. It begins with the seeds in fuzz/seeds/NAME and with what earlier
# runs found worth keeping in OUT/corpus/NAME, and adds to the latter. FLAGS_NAME may hold flags of
# libFuzzer's. An input that breaks something is left in OUT/found, and the line says how to try it again.
out=$1
seconds=$2
shift 2
mkdir -p "$out/log" "$out/found"
all_well=0

# last NAME LOG: the last value of a statistic that libFuzzer prints.
last() { grep -o "$1[: ] *[0-9]*" "$2" | tail -n 1 | grep -o '[0-9]*$'; }

for name in "$@"; do
    corpus=$out/corpus/$name
    log=$out/log/fuzz-$name
    program=$out/fuzz/$name-libfuzzer
    mkdir -p "$corpus"
    eval "flags=\${FLAGS_$name:-}"
    dictionary=
    [ -e "fuzz/$name.dict" ] && dictionary=-dict=fuzz/$name.dict
    # shellcheck disable=SC2086 # flags are several words
    nice "$program" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="$out/found/$name-" \
        $dictionary $flags "$corpus" "fuzz/seeds/$name" >"$log" 2>&1
    status=$?
    verdict=ok
    [ $status -eq 0 ] || verdict=FAILED
    printf '  %-7s %-12s %9s runs %7s a second %7s edges %7s features %6s kept\n' "$verdict" "$name" \
        "$(last number_of_executed_units "$log")" "$(last average_exec_per_sec "$log")" "$(last cov "$log")" \
        "$(last ft "$log")" "$(find "$corpus" -type f | wc -l)"
    [ $status -eq 0 ] && continue
    all_well=1
    grep -v '^#' "$log" | tail -n 60 | sed 's/^/    | /'
    found=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    echo "    The whole output is in $log; again with: $program $found"
done
exit $all_well

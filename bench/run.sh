#!/bin/sh
# run.sh -- runs the benchmark: `make bench` calls it, and after that it can be called by hand.
#
#   bench/run.sh [DIR] [quick] [machine start append catchup live fold sync command]
#
# DIR is where make built the benchmark (build/bench), and the disk that is measured. quick takes less than a minute
# and leaves out what needs long; the names of parts leave out the others. The figures go to standard output and into
# DIR/figures.jsonl.
set -eu

dir=build/bench
if [ $# -gt 0 ] && [ -d "$1" ]; then dir=$1; shift; fi
dir=$(cd "$dir" && pwd)
if [ ! -x "$dir/troth-bench" ]; then
    echo "There is no $dir/troth-bench. Run: make bench" >&2
    exit 2
fi

TROTHD=${TROTHD:-$(dirname "$dir")/trothd}
TROTH=${TROTH:-$(dirname "$dir")/troth}
BENCH_SYNC_COUNT=$dir/sync-count.so
export TROTHD TROTH BENCH_SYNC_COUNT

files=$(ulimit -Hn)
ulimit -n "$files" 2>/dev/null || true

folder=$(mktemp -d "$dir/data-XXXXXX")
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM HUP

load=$(cut -d ' ' -f 1 /proc/loadavg)
echo "Machine: $(nproc) cores, $(uname -sr), load $load, disk $(stat -f -c %T "$folder") at $dir." >&2
{ "$dir/troth-bench" "$folder" "$@" && : >"$folder/finished"; } | tee "$dir/figures.jsonl"
[ -e "$folder/finished" ]

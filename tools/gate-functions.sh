#!/bin/sh
# gate-functions.sh -- no function of src is longer than 60 lines, none of tests, bench and fuzz longer than 80.
#
#   sh tools/gate-functions.sh TREE
#
# Goes by the form that all of Troth has: a function's body opens with a brace at the start of a line
# (or at the end of a line that starts at the first column and closes a parameter list), and ends with
# a brace at the start of a line. Both braces count.
cd "$1" || exit 2
find src tests bench fuzz -name '*.[ch]' 2>/dev/null | sort | xargs -r awk '
function object(line, what) {
    printf "%s:%d: %s\n", FILENAME, line, what
    bad = 1
}
FNR == 1 { if (start) object(start, "a function without an end: is its last brace at the start of a line?"); start = 0 }
{ limit = FILENAME ~ /^src\// ? 60 : 80 }
!start && (/^\{[ \t]*$/ || /^[A-Za-z_].*\)[ \t]*\{[ \t]*$/) { start = FNR; name = /^\{/ ? last : $0; next }
start && /^\}/ {
    lines = FNR - start + 1
    if (lines > limit)
        object(start, lines " lines, " limit " are the most: give a part of it a name of its own.  " name)
    start = 0
}
!start && NF && !/^[ \t]/ { last = $0 }
END { exit bad }'

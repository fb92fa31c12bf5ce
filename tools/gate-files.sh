#!/bin/sh
# gate-files.sh -- every source of src is named in mk/files.mk: what no list names, nobody builds or checks.
#
#   sh tools/gate-files.sh TREE
cd "$1" || exit 2
find src -name '*.c' 2>/dev/null | sort | awk '
    BEGIN {
        while ((getline line < "mk/files.mk") > 0) {
            n = split(line, word, /[ \t\\]+/)
            for (i = 1; i <= n; i++) listed[word[i]] = 1
        }
    }
    !($0 in listed) {
        print $0 ":1: is not named in mk/files.mk: add it to the list of its folder, or remove it"
        bad = 1
    }
    END { exit bad }'

#!/bin/sh
# gate-symbols.sh -- what the core library asks of the world: nothing but what is on the list.
#
#   sh tools/gate-symbols.sh LIBRARY LIST [OBJECT-OF-SYMBOL...]
#
# LIST has one symbol a line, "#" begins a comment; "symbol only-in FILE.o" allows it to one object
# file; a name that ends in "*" stands for all that begin so. The core is as pure as this list is short.
library=$1
list=$2
nm -A -g "$library" | awk -v list="$list" '
function allowed(symbol, object,    i) {
    for (i = 1; i <= rule_n; i++) {
        if (rule[i] == symbol || (is_prefix[i] && index(symbol, rule[i]) == 1))
            if (only_in[i] == "" || only_in[i] == object) return 1
    }
    return 0
}
BEGIN {
    while ((getline line < list) > 0) {
        sub(/#.*/, "", line)
        n = split(line, word, " ")
        if (n == 0) continue
        rule[++rule_n] = word[1]
        is_prefix[rule_n] = sub(/\*$/, "", rule[rule_n])
        only_in[rule_n] = word[2] == "only-in" ? word[3] : ""
    }
}
{
    n = split($1, place, ":")
    object = place[n] == "" ? place[n - 1] : place[n]
    symbol = $NF
    if ($(NF - 1) == "U") { used[symbol " " object] = 1 } else if ($(NF - 1) != "w") own[symbol] = 1
}
END {
    for (use in used) {
        split(use, part, " ")
        if ((part[1] in own) || allowed(part[1], part[2])) continue
        printf "%s: %s asks for %s, which is not in %s: the core works on what it is given, without clock, files or memory of its own\n", \
            part[2], part[2], part[1], list
        bad = 1
    }
    exit bad
}'

#!/bin/sh
# gate-shell.sh -- every shell script of the tree is one: a quote left open in a script that another one reads
# would otherwise be noticed on the machine where it matters.
#
#   sh tools/gate-shell.sh TREE
cd "$1" || exit 2
bad=0
for script in run test .ci/run tools/*.sh bench/*.sh; do
    [ -f "$script" ] || continue
    case $(head -n 1 "$script") in
    *bash) shell=bash ;;
    *) shell=sh ;;
    esac
    said=$("$shell" -n "$script" 2>&1) && continue
    printf '%s\n%s:1: does not read as a %s script: mend what is said above\n' "$said" "$script" "$shell"
    bad=1
done
exit $bad

#!/bin/bash
# story.sh -- plays the story of README.md as it stands there, and prints what each of the two saw.
#
#   tools/story.sh [REPOSITORY]       of which a clone is made; else the one that this file is in
#
# Takes the commands below each "<!-- story: WHO -->" of README.md, and no others: those of "server" in one shell,
# those of "ana" and "ben" each at a terminal of their own. What a person would put in (the links that were shown, a
# passphrase, "yes") is put in. Works in an empty folder, which is removed in the end; leaves no process behind.
# Ends with status 0 if Ben saw the promise and Ana saw that it was kept.
set -u
unset BUILD MAKEFLAGS MFLAGS MAKELEVEL # a person who reads README.md has none of these
here=$(cd "$(dirname "$0")/.." && pwd)
repository=${1:-$here}
folder=$(mktemp -d) || exit 1
started_s=$SECONDS
server_pid=

finish() {
    for who in ana ben; do
        [ -x "$folder/troth/build/troth" ] && TROTH_HOME=$folder/troth-$who "$folder/troth/build/troth" lock >/dev/null 2>&1
    done
    [ -n "$server_pid" ] && kill -- "-$server_pid" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

fail() {
    printf '\n%s\n' "$1" >&2
    [ -s "$folder/server.txt" ] && tail -n 20 "$folder/server.txt" >&2
    exit 1
}

# told: "who<TAB>command" of each line of the story, in its order.
told() {
    awk '
        /^<!-- story: [a-z]+ -->$/ { who = $3; next }
        /^```/ { if (in_block) { in_block = 0; who = "" } else if (who != "") in_block = 1; next }
        in_block && NF > 0 { sub(/[ \t]+#[ ].*$/, ""); print who "\t" $0 }' "$here/README.md"
}

# plain FILE: what was shown, without what only tells a terminal how.
plain() {
    sed -e '/^Script \(started\|done\)/d' -e 's/\r//g' -e 's/\x1b\[[0-9;]*m//g' -e "s,$folder,~,g" "$1" | cat -s
}

# answer OUT: while OUT ends in a question, types what a person would.
answer() {
    local out=$1 size last=0 line
    while sleep 0.2; do
        size=$(stat -c %s "$out")
        [ "$size" -gt 0 ] && [ "$size" -ne "$last" ] || continue
        [ -n "$(tail -c 1 "$out")" ] || continue # a question stands on a line that is still open
        line=$(tail -n 1 "$out" | tr -d '\r')
        case $line in
        *': ') echo 'a phrase that only this story knows' ;;
        *'(yes/no) ') echo yes ;;
        *) continue ;;
        esac
        last=$size
    done
}

# type_in WHO COMMAND: at a terminal of theirs. What was shown is in $folder/WHO.txt.
type_in() {
    local who=$1 command=$2 out=$folder/$1.txt status answering
    printf '\n%s $ %s\n' "$who" "$command"
    case $command in
    export\ *) printf '%s\n' "$command" >>"$folder/$who.rc" && return ;;
    esac
    command=${command//LINK/$link}
    command=${command//INVITATION/$invitation}
    : >"$out"
    rm -f "$folder/typed" && mkfifo "$folder/typed" || exit 1
    answer "$out" >"$folder/typed" &
    answering=$!
    printf 'cd %q && . %q && %s\n' "$folder/troth" "$folder/$who.rc" "$command" >"$folder/$who.sh"
    HOME=$folder script -qefc "bash $folder/$who.sh" "$out" <"$folder/typed" >/dev/null
    status=$?
    kill "$answering" 2>/dev/null
    wait "$answering" 2>/dev/null
    plain "$out"
    [ $status -eq 0 ] || fail "This command of README.md ended with status $status."
}

# serve COMMAND: one line of the server's.
serve() {
    printf '\nserver $ %s\n' "$1"
    case $1 in
    git\ clone\ *)
        git clone -q "$repository" "$folder/troth" || fail 'The repository could not be cloned.'
        return
        ;;
    esac
    set -m
    (cd "$folder/troth" && eval "exec $1") >"$folder/server.txt" 2>&1 &
    server_pid=$!
    set +m
    until grep -q "#P1-" "$folder/server.txt" 2>/dev/null; do
        kill -0 "$server_pid" 2>/dev/null || fail 'The server did not start.'
        sleep 0.2
    done
    sleep 0.2
    plain "$folder/server.txt" | grep -vE '^  (CC|AR|LINK|WRITE) '
    link=$(grep -o 'http[^ ]*#P1-[0-9A-Z-]*' "$folder/server.txt" | head -n 1)
}

link= invitation=
while IFS=$'\t' read -r -u 3 who command; do
    case $who in
    server) serve "$command" ;;
    *) type_in "$who" "$command" ;;
    esac
    [ -s "$folder/$who.txt" ] || continue
    found=$(plain "$folder/$who.txt" | grep -o 'http[^ ]*#J1-[^ ]*' | head -n 1)
    invitation=${found:-$invitation}
    case $who in
    ana) plain "$folder/ana.txt" | grep -q 'Ben said: kept' && ana_saw=1 ;;
    ben) plain "$folder/ben.txt" | grep -q 'Ana promised' && ben_saw=1 ;;
    esac
done 3< <(told)

[ -n "${ben_saw:-}" ] || fail 'Ben never saw the promise.'
[ -n "${ana_saw:-}" ] || fail 'Ana never saw that it was kept.'
printf '\nFrom nothing to a promise kept: %d s.\n' $((SECONDS - started_s))

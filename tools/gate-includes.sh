#!/bin/sh
# gate-includes.sh -- who may include whom.
#
#   sh tools/gate-includes.sh TREE
#
# base <- record <- practice <- picture, and practice <- device; wasm sees these five; store sees record and
# base; server sees store, record and base; client sees the five core folders; cli sees client. Each library
# of the system has one folder, or one file, that may know it.
cd "$1" || exit 2
[ -d src ] || exit 0
find src -name '*.[ch]' -o -name '*.def' | sort | xargs -r awk '
function object(what) {
    printf "%s:%d: %s\n", FILENAME, FNR, what
    bad = 1
}
BEGIN {
    sees["base"] = "base"
    sees["record"] = "base record"
    sees["practice"] = "base record practice"
    sees["picture"] = "base record practice picture"
    sees["device"] = "base record practice device"
    sees["wasm"] = "base record practice device picture wasm"
    sees["store"] = "base record store"
    sees["server"] = "base record store server"
    sees["client"] = "base record practice device picture client"
    sees["cli"] = "base record practice device picture client cli"
}
/^[ \t]*#[ \t]*include/ {
    split(FILENAME, part, "/")
    folder = part[2]
    if (!(folder in sees)) object("src/" folder " has no row in tools/gate-includes.sh: say there what it may include")
    if (match($0, /"[^"]*"/)) {
        wanted = substr($0, RSTART + 1, RLENGTH - 2)
        if (split(wanted, step, "/") < 2 || step[1] == "..")
            object("includes are written from src/: #include \"" folder "/" wanted "\"")
        else if (index(" " sees[folder] " ", " " step[1] " ") == 0)
            object("src/" folder " may not include " step[1] "/; it sees: " sees[folder])
    } else if (match($0, /<[^>]*>/)) {
        wanted = substr($0, RSTART + 1, RLENGTH - 2)
        if (wanted ~ /^sodium/ && folder != "record")
            object("only src/record calls libsodium; give it a function in record/")
        if (wanted ~ /^sqlite3/ && folder != "store" && folder != "client")
            object("only src/store and src/client call SQLite; give it a function in store.h or home.h")
        if (wanted ~ /^curl/ && FILENAME !~ /^src\/client\/fetch[^\/]*$/)
            object("only src/client/fetch*.c knows libcurl; go through fetch.h")
        if (wanted ~ /^(qrencode|utf8proc)/ && folder != "cli")
            object("only src/cli draws codes and measures text; the core takes text as it is given")
        if (wanted ~ /^microhttpd/ && FILENAME !~ /^src\/server\/http_mhd[^\/]*$/)
            object("only src/server/http_mhd*.c knows libmicrohttpd; go through http.h")
    } else
        object("an include that this gate cannot read: name the file in quotes or angle brackets")
}
END { exit bad }'

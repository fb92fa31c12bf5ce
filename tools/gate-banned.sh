#!/bin/sh
# gate-banned.sh -- functions that may not be called, by folder; and SQL, which has one folder.
#
#   sh tools/gate-banned.sh TREE
#
# Looks at code only: comments are left out, and so are strings, except for the search for SQL.
cd "$1" || exit 2
find src tests bench fuzz -name '*.[ch]' 2>/dev/null | sort | xargs -r awk '
function object(what) {
    printf "%s:%d: %s\n", FILENAME, FNR, what
    bad = 1
}

# The line without comments; the strings of the line are taken out of it and left in "text".
function code_of(line,    out, c, i, n, quote) {
    out = ""; text = ""; quote = ""
    n = length(line)
    for (i = 1; i <= n; i++) {
        c = substr(line, i, 1)
        if (in_comment) {
            if (c == "*" && substr(line, i + 1, 1) == "/") { in_comment = 0; i++ }
        } else if (quote != "") {
            if (c == "\\") { text = text substr(line, i, 2); i++ }
            else if (c == quote) { quote = ""; text = text " "; out = out c }
            else text = text c
        } else if (c == "/" && substr(line, i + 1, 1) == "*") { in_comment = 1; i++; out = out " " }
        else if (c == "/" && substr(line, i + 1, 1) == "/") break
        else {
            if (c == "\"" || c == "\047") quote = c
            out = out c
        }
    }
    return out
}

function ban(names, why,    name, i, n) {
    n = split(names, name, " ")
    for (i = 1; i <= n; i++)
        if (match(code, "(^|[^A-Za-z0-9_.>])" name[i] "[ \t]*\\(")) object(name[i] "() " why)
}

BEGIN {
    unbounded = "sprintf vsprintf strcpy stpcpy strcat strncpy strncat strtok gets alloca scanf sscanf fscanf tmpnam mktemp"
    asking = "time clock clock_gettime gettimeofday timespec_get"
    clock = asking " localtime localtime_r gmtime gmtime_r mktime"
    files = "fopen fdopen open openat creat read write pread pwrite close unlink rename remove stat fstat " \
            "socket getenv system popen exit _exit fork execve pthread_create"
    memory = "malloc calloc realloc reallocarray free strdup strndup posix_memalign aligned_alloc"
}

FNR == 1 { in_comment = 0; split(FILENAME, part, "/"); folder = part[1] == "src" ? part[2] : part[1] }
{
    code = code_of($0)
    ban(unbounded, "does not know how much room there is: use out.h, snprintf or memcpy with a length")
    ban("atoi atol atoll atof", "takes nonsense for zero: use strtoull and look at where it stopped")
    ban("rand random srand srandom drand48 lrand48", "is not random: record/ has random bytes, tests a generator with a seed")
    if (folder == "base" || folder == "record" || folder == "practice" || folder == "device" || folder == "wasm") {
        ban(clock, "asks for the time: the core is told it by a parameter")
        ban(files, "reaches outside: the core works on what it is given")
        if (FILENAME != "src/base/arena.c") ban(memory, "asks the system for memory: take an arena or a fixed output")
    }
    if (folder == "store" || ((folder == "server" || folder == "client" || folder == "cli") && FILENAME !~ /\/clock\.c$/))
        ban(asking, "asks for the time: the store is told it, server and client ask their clock.h")
    if (part[1] == "src") {
        if (FILENAME !~ /\/main\.c$/) ban("exit _exit quick_exit", "ends the program: only a main.c may, others return an enum err")
        if (folder != "store" && folder != "client" &&
            text ~ /(^|[^A-Za-z])(SELECT .*FROM|INSERT (OR [A-Z]+ )?INTO|DELETE FROM|UPDATE [a-z_]+ SET|CREATE (TABLE|INDEX)|PRAGMA [a-z_]+)/)
            object("SQL belongs into src/store; give it a function in store.h")
    }
}
END { exit bad }'

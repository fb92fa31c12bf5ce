#!/bin/sh
# gate-portable.sh -- the tree speaks of no particular machine: no path of one, no package registry's host.
#
#   sh tools/gate-portable.sh TREE
cd "$1" || exit 2
if git rev-parse --is-inside-work-tree >/dev/null 2>&1 && [ -z "$(git rev-parse --show-prefix)" ]; then
    git ls-files --cached --others --exclude-standard
else
    find . -type f | sed 's,^\./,,'
fi | sort -u | grep -v '^tools/gate-portable\.sh$' | while IFS= read -r file; do
    [ -f "$file" ] && printf '%s\n' "$file"
done | tr '\n' '\0' | xargs -0 -r grep -nIE \
    -e '(^|[^A-Za-z0-9_.$}*-])/(home|root|Users|work|mnt|media|workspace)/[A-Za-z0-9_.]' \
    -e '(^|[^A-Za-z0-9_.$}*-])/tmp/[A-Za-z0-9_.]' \
    -e '(registry\.npmjs|registry\.yarnpkg|deb\.debian|ftp\.[a-z.]*debian|snapshot\.debian|security\.debian|archive\.ubuntu|pypi\.org|crates\.io)' |
    awk '
        { print $0; bad = 1 }
        END {
            if (bad) print "Such a name works on one machine only: ask for it (mktemp, P_tmpdir, $HOME, the system'\''s own configuration)."
            exit bad
        }'

#!/bin/sh
# install.sh -- the packages of web/, exactly those of package-lock.json. Quiet, unless it goes wrong.
cd "$(dirname "$0")/.." || exit 1
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 18 || (a === 18 && b >= 20) ? 0 : 1)'; then
    echo "web/ needs node 18.20 or newer; here is $(node --version 2>/dev/null || echo none). Debian 12 has it: apt-get install nodejs npm."
    exit 1
fi
echo '  NPM      the packages of web/package-lock.json, from the npm registry (once, and when the list changes)'
log=$(mktemp) || exit 1
if npm ci --no-progress --loglevel=error >"$log" 2>&1; then
    rm -f "$log"
    touch node_modules/.package-lock.json
    exit 0
fi
head -n 15 "$log"
rm -f "$log"
echo 'The packages of web/ could not be fetched; npm says why above. Often the machine is offline, or a proxy is in'
echo 'between. Only this step needs the network, once: afterwards everything is in web/node_modules. Nothing else was'
echo 'changed; try again when you are online.'
exit 1

# web.mk -- the client in the browser: its packages, the app in web/dist, and its tests.
#
# node and npm do the work; web/package-lock.json says exactly what is fetched, once. See docs/web.md.

WEB_PACKAGES := web/node_modules/.package-lock.json
WEB_TOOLS    := $(wildcard web/tools/*.mjs)
WEB_SRC      := $(sort $(shell find web/src web/public -type f 2>/dev/null)) web/index.html web/vite.config.ts
WEB_EXAMPLES := $(BUILD)/web/examples

web: web/dist/index.html
	@:

$(WEB_PACKAGES): web/package.json web/package-lock.json web/.npmrc web/tools/install.sh
	$(Q)sh web/tools/install.sh

web/dist/index.html: $(WEB_PACKAGES) $(WEB_SRC) $(WEB_TOOLS)
	$(say) WEB web/dist
	$(Q)$(NODE) web/tools/build.mjs

# Every part in each of its states: built for the tests, never shipped.
$(WEB_EXAMPLES)/index.html: $(WEB_PACKAGES) $(WEB_SRC) $(wildcard web/tests/examples/*) web/vite.examples.config.ts
	$(say) WEB $(WEB_EXAMPLES)
	$(Q)cd web && $(NODE) node_modules/vite/bin/vite.js build -c vite.examples.config.ts --outDir '$(abspath $(WEB_EXAMPLES))'

# What the compiler, Biome and our own rules say; then the tests, counted like all others.
check-web: web/dist/index.html $(WEB_EXAMPLES)/index.html
	$(say) LINT web
	$(Q)cd web && npm run --silent lint
	$(say) TYPES web
	$(Q)$(NODE) web/tools/types.mjs
	$(Q)EXAMPLES='$(abspath $(WEB_EXAMPLES))' RUNNER='$(NODE)' sh tools/run-tests.sh $(BUILD)/web web/tools/unit.mjs web/tools/a11y.mjs

# Pictures of every part and page, in both themes and at two widths, to be looked at.
web-shots: web/dist/index.html $(WEB_EXAMPLES)/index.html
	$(Q)EXAMPLES='$(abspath $(WEB_EXAMPLES))' SHOTS='$(abspath $(BUILD))/web/shots' $(NODE) web/tools/a11y.mjs
	@echo '  The pictures are in $(BUILD)/web/shots'

.PHONY: web check-web web-shots

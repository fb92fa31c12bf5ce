# Makefile -- the only build of Troth's C. `make help` lists what it can do.
#
#   make                 the core library, the server and the terminal client, into build/
#   make V=1             the same, showing every command
#   make BUILD=dir       into another directory
#   make CC=clang        with another compiler
#   make WERROR=1        a warning is an error (./test does this)
#   make SANITIZE=1      with address and undefined-behaviour sanitizers, into build/asan
#   make SANITIZE=thread with the thread sanitizer, into build/tsan
#   make HOSTILE=1       with buffers and tables too small for what comes, into build/hostile
#
# Sources are named in mk/files.mk and nowhere else. Tests and benchmarks are found by their place.

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all

BUILD      ?= build
PREFIX     ?= /usr/local
PKG_CONFIG ?= pkg-config
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin AR),default)
AR := ar
endif

include mk/files.mk

# Each kind of build has a directory of its own, so that none makes another one rebuild.
VARIANT ?= $(if $(SANITIZE),$(if $(filter thread,$(SANITIZE)),tsan,asan))$(if $(HOSTILE),hostile)
OUT     := $(BUILD)$(addprefix /,$(strip $(VARIANT)))

# ---- flags ----------------------------------------------------------------------------------------

comma    := ,
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wundef
OPTIMIZE := -O2 -g
HARDEN   := -fstack-protector-strong -fPIE
LINK     := -pie -Wl,-z,relro,-z,now,--as-needed

ifdef SANITIZE # fortified calls would hide from the sanitizer what it is there to see
SANITIZERS := -fsanitize=$(if $(filter thread,$(SANITIZE)),thread,address$(comma)undefined)
HARDEN   += $(SANITIZERS) -fno-sanitize-recover=all -fno-omit-frame-pointer
LINK     += $(SANITIZERS)
else
HARDEN   += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

DEFINES  := $(if $(HOSTILE),-DTROTH_HOSTILE)

SYSTEM_LIBS := libmicrohttpd sqlite3 libsodium libcurl libqrencode libutf8proc
LIBS        := $(shell $(PKG_CONFIG) --libs $(SYSTEM_LIBS) 2>/dev/null) -lpthread

# What every object is compiled with. CFLAGS, CPPFLAGS, LDFLAGS are left to whoever calls make.
COMPILE = $(CC) -std=c17 $(OPTIMIZE) $(WARNINGS) $(HARDEN) $(DEFINES) -Isrc $(CPPFLAGS) $(CFLAGS)

# ---- how a step looks -----------------------------------------------------------------------------

Q   := $(if $(V),,@)
say = $(if $(findstring s,$(firstword -$(MAKEFLAGS))),@:,@printf '  %-8s %s\n')

# ---- objects --------------------------------------------------------------------------------------

objects = $(patsubst %.c,$(OUT)/obj/%.o,$(1))

CORE_OBJ   := $(call objects,$(BASE_SRC) $(RECORD_SRC) $(PRACTICE_SRC) $(DEVICE_SRC))
STORE_OBJ  := $(call objects,$(STORE_SRC))
SERVER_OBJ := $(call objects,$(SERVER_SRC))
CLIENT_OBJ := $(call objects,$(CLIENT_SRC))
CLI_OBJ    := $(call objects,$(CLI_SRC))
WASM_OBJ   := $(call objects,$(WASM_SRC))

# Warnings of a compiler run stay beside the object, so that a later run with WERROR=1 looks at that
# source again instead of taking an object that was made with a warning.
$(OUT)/obj/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(COMPILE) $(if $(filter tests/% bench/% fuzz/%,$<),-Itests) $(if $(filter fuzz/%,$<),-Ifuzz) \
		$(if $(WERROR),-Werror) -MMD -MP -c $< -o $@ \
		2>$@.warned; status=$$?; cat $@.warned >&2; [ -s $@.warned ] || rm -f $@.warned; exit $$status

ifdef WERROR
$(patsubst %.warned,%,$(shell find $(OUT)/obj -name '*.warned' 2>/dev/null)): always
endif

# Changes when the command to compile changes, and with it everything is compiled again.
$(OUT)/flags: always
	@mkdir -p $(@D)
	@command='$(COMPILE)'; [ "$$command" = "$$(cat $@ 2>/dev/null)" ] || \
		{ sh tools/needs.sh $(PKG_CONFIG) $(SYSTEM_LIBS) && printf '%s\n' "$$command" >$@; }

# ---- libraries and programs -----------------------------------------------------------------------

CORE_LIB   := $(OUT)/libtroth-core.a
STORE_LIB  := $(if $(STORE_OBJ),$(OUT)/libtroth-store.a)
SERVER_LIB := $(if $(SERVER_OBJ),$(OUT)/libtroth-server.a)
CLIENT_LIB := $(if $(CLIENT_OBJ),$(OUT)/libtroth-client.a)
CLI_LIB    := $(if $(CLI_OBJ),$(OUT)/libtroth-cli.a)
# The calls of the WebAssembly module, compiled like everything else, so that tests run them here, too.
WASM_LIB   := $(if $(WASM_OBJ),$(OUT)/libtroth-wasm.a)
TROTHD     := $(if $(SERVER_OBJ),$(OUT)/trothd)
TROTH      := $(if $(filter %/cli/main.o,$(CLI_OBJ)),$(OUT)/troth)

$(CORE_LIB): $(CORE_OBJ)
$(STORE_LIB): $(STORE_OBJ)
$(SERVER_LIB): $(filter-out %/main.o,$(SERVER_OBJ))
$(CLIENT_LIB): $(CLIENT_OBJ)
$(CLI_LIB): $(filter-out %/main.o,$(CLI_OBJ))
$(WASM_LIB): $(WASM_OBJ)

$(OUT)/%.a: mk/files.mk
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(OUT)/trothd: $(filter %/main.o,$(SERVER_OBJ)) $(SERVER_LIB) $(STORE_LIB) $(CORE_LIB)
	$(say) LINK $@
	$(Q)$(CC) $(LINK) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

$(OUT)/troth: $(filter %/main.o,$(CLI_OBJ)) $(CLI_LIB) $(CLIENT_LIB) $(CORE_LIB)
	$(say) LINK $@
	$(Q)$(CC) $(LINK) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

all: $(CORE_LIB) $(STORE_LIB) $(TROTHD) $(CLIENT_LIB) $(TROTH)
	@:

include mk/cli.mk
include mk/tests.mk
include mk/fuzz.mk
include mk/bench.mk
include mk/wasm.mk
include mk/web.mk
include mk/gates.mk

# ---- the rest -------------------------------------------------------------------------------------

# Every source once with clang, where a warning is an error.
check-clang:
	$(Q)$(MAKE) --no-print-directory CC=clang WERROR=1 VARIANT=clang objects

# All that is compiled and linked, tests and benchmarks too; and the same without linking.
programs: all $(TEST_BIN) $(FUZZ_BIN) $(BENCH_BIN)
	@:
objects: $(CORE_OBJ) $(STORE_OBJ) $(SERVER_OBJ) $(CLIENT_OBJ) $(CLI_OBJ) $(WASM_OBJ) $(TEST_OBJ) $(FUZZ_OBJ) $(BENCH_OBJ)
	@:

install: all
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/lib/systemd/system'
	install -m 755 $(TROTHD) $(TROTH) '$(DESTDIR)$(PREFIX)/bin'
	sed 's|@PREFIX@|$(PREFIX)|g' packaging/trothd.service >'$(DESTDIR)$(PREFIX)/lib/systemd/system/trothd.service'

clean:
	rm -rf $(BUILD)

help:
	@sed -n '3,/^$$/ { s/^# \{0,1\}//; p }' Makefile
	@echo 'Targets:'
	@echo '  all            the core library, trothd and troth'
	@echo '  check          every test; or one kind: check-unit check-vectors check-store check-api check-client check-cli check-fault'
	@echo '  check-asan     unit, vectors and store once more under the sanitizers'
	@echo '  check-full     check, and again: all under the sanitizers, hostile, threads watched'
	@echo '  fuzz           each fuzzer for T seconds (60), with libFuzzer; FUZZERS names some'
	@echo '  check-clang    everything compiled by clang, no warnings'
	@echo '  gates          what a machine can check of the house rules'
	@echo '  wasm-check     the core as WebAssembly: its vectors, its imports, its size, its calls beside the native ones'
	@echo '  web            the client in the browser, into web/dist; check-web tests it, web-shots takes its pictures'
	@echo '  wasm-speed     what the calls of the browser take; ACTS says in how large a record'
	@echo '  bench          the benchmarks'
	@echo '  install        trothd and its systemd unit, under PREFIX (and DESTDIR)'
	@echo '  clean          removes $(BUILD)'

always:
.PHONY: all always bench check check-api check-asan check-clang check-cli check-client check-fault check-full \
	check-store check-story check-unit check-vectors clean fault gates help install objects programs wasm-check

-include $(patsubst %.o,%.d,$(CORE_OBJ) $(STORE_OBJ) $(SERVER_OBJ) $(CLIENT_OBJ) $(CLI_OBJ) $(WASM_OBJ) $(TEST_OBJ) $(FUZZ_OBJ) $(BENCH_OBJ))

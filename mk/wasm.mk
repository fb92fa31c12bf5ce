# wasm.mk -- base, record and practice as WebAssembly: the same sources, the same vectors, the same libsodium.
#
# Debian's clang with wasi-libc compiles; node's WASI runs. What a module may import is listed in
# tools/wasm-imports.txt, and the runner hands out nothing else.

WASM      := $(BUILD)/wasm
WASM_CC   ?= clang
WASM_LD   ?= wasm-ld
NODE      ?= node
WASM_FLAGS := --target=wasm32-wasi -O2
WASM_COMPILE = $(WASM_CC) $(WASM_FLAGS) -std=c17 $(WARNINGS) $(if $(WERROR),-Werror) -Isrc -Itests \
	-I$(WASM)/sodium/include
# The stack comes first in memory, so that using it up is an error at once and never overwrites data.
WASM_LINK = $(WASM_CC) $(WASM_FLAGS) -Wl,-z,stack-size=1048576,--stack-first
WASM_RUN = $(NODE) --no-warnings tools/wasm-run.mjs

wasm_objects = $(patsubst %.c,$(WASM)/obj/%.o,$(1))
WASM_CORE_OBJ := $(call wasm_objects,$(BASE_SRC) $(RECORD_SRC) $(PRACTICE_SRC) $(DEVICE_SRC))
WASM_ABI_OBJ  := $(call wasm_objects,$(WASM_SRC))
WASM_SODIUM   := $(WASM)/sodium/libsodium.o
WASM_VECTORS  := $(patsubst tests/vectors/%.c,$(WASM)/vectors/%.wasm,$(wildcard tests/vectors/*.c))
# The unit tests of the core, the same files; tests/harness/wasm stands in for cmocka and for what needs a process.
WASM_UNIT_NAMES := account aead answer arena base32 batch cbor chain challenge check circle circle_order \
	circle_property circle_save code copy entry epoch err facts headtoken ids index invite law local out pad \
	payload phrase profile promise_act promise_change promise_made promise_words redact refusal round round_act \
	secret state state_property statement str walk words
WASM_UNIT     := $(WASM_UNIT_NAMES:%=$(WASM)/unit/%.wasm)
WASM_HARNESS_OBJ := $(call wasm_objects,tests/harness/fold.c tests/harness/people.c tests/harness/random.c \
	$(wildcard tests/harness/wasm/*.c))
WASM_LINK_arena := $(call wasm_objects,tests/harness/fault_alloc.c) $(FAULT_ALLOC_LINK)
WASM_MOST     := -Wl,--max-memory=268435456
# It holds every record that it tried until its end.
WASM_LINK_chain := -Wl,--max-memory=1073741824
WASM_LIBS     := $(WASM_SODIUM) -lwasi-emulated-signal

# What a browser is given, compressed.
WASM_LIMIT_BYTES := 110000

wasm-check: $(WASM)/core.wasm $(WASM_VECTORS) $(WASM_UNIT) $(OUT)/tests/vectors/calls
	$(say) IMPORTS $(WASM)/core.wasm
	$(Q)$(WASM_RUN) --imports-of core $(WASM)/core.wasm
	$(say) SIZE $(WASM)/core.wasm
	$(Q)$(NODE) tools/wasm-size.mjs $(WASM)/core.wasm $(WASM_LIMIT_BYTES)
	$(say) SELFTEST 'what must not pass'
	$(Q)sh tools/wasm-selftest.sh '$(WASM_RUN)' $(WASM_LINK)
	$(Q)RUNNER='$(WASM_RUN)' sh tools/run-tests.sh $(WASM) $(WASM_VECTORS) $(WASM_UNIT)
	$(say) COMPARE 'the calls, native and WebAssembly'
	$(Q)$(OUT)/tests/vectors/calls >$(WASM)/calls.native
	$(Q)$(WASM_RUN) $(WASM)/vectors/calls.wasm >$(WASM)/calls.wasm
	$(Q)cmp $(WASM)/calls.native $(WASM)/calls.wasm

# What the calls take, in node: ACTS are how many acts the record has.
wasm-speed: $(WASM)/core.wasm
	$(Q)$(NODE) tools/wasm-speed.mjs $< $(ACTS)
.PHONY: wasm-speed

# Once fetched and compiled, libsodium stays as it is until this directory is removed.
$(WASM)/source/configure.ac:
	$(say) FETCH "libsodium's source"
	$(Q)sh tools/libsodium-source.sh $(@D)

$(WASM_SODIUM): $(WASM)/source/configure.ac tools/libsodium-wasm.sh
	$(say) WASM libsodium
	$(Q)sh tools/libsodium-wasm.sh $(<D) $(@D) $(WASM_LD) $(WASM_CC) $(WASM_FLAGS)

$(WASM)/obj/%.o: %.c $(WASM_SODIUM)
	@mkdir -p $(@D)
	$(say) WASM $<
	$(Q)$(WASM_COMPILE) -MMD -MP -c $< -o $@

# The module that the browser runs: what src/wasm exports, and of the rest only what that calls. Its memory has a
# ceiling; libsodium's own 64 MiB for a passphrase are part of it.
$(WASM)/core.wasm: $(WASM_CORE_OBJ) $(WASM_ABI_OBJ) $(WASM_SODIUM) mk/wasm.mk
	$(say) WASM $@
	$(Q)$(WASM_LINK) -mexec-model=reactor -Wl,--strip-all,--max-memory=268435456 -o $@ $(WASM_ABI_OBJ) \
		$(WASM_CORE_OBJ) $(WASM_LIBS)

$(WASM)/vectors/%.wasm: $(WASM)/obj/tests/vectors/%.o $(WASM_ABI_OBJ) $(WASM_CORE_OBJ) $(WASM_SODIUM) mk/wasm.mk
	@mkdir -p $(@D)
	$(say) WASM $@
	$(Q)$(WASM_LINK) -o $@ $< $(WASM_ABI_OBJ) $(WASM_CORE_OBJ) $(WASM_LIBS)

# Two things more than the vectors: the table and the stack's end, for the runner that tries what has to trap.
$(WASM)/unit/%.wasm: $(WASM)/obj/tests/unit/%.o $(WASM_HARNESS_OBJ) $(WASM_CORE_OBJ) $(WASM_SODIUM) mk/wasm.mk
	@mkdir -p $(@D)
	$(say) WASM $@
	$(Q)$(WASM_LINK) -Wl,--export-table,--export=__stack_pointer $(or $(WASM_LINK_$*),$(WASM_MOST)) -o $@ \
		$< $(WASM_HARNESS_OBJ) $(WASM_CORE_OBJ) $(WASM_LIBS)

$(WASM)/obj/tests/%.o: WASM_FLAGS += -isystem tests/harness/wasm
$(WASM)/unit/arena.wasm: $(call wasm_objects,tests/harness/fault_alloc.c)

-include $(patsubst %.o,%.d,$(WASM_CORE_OBJ) $(WASM_ABI_OBJ) $(WASM_HARNESS_OBJ) \
	$(call wasm_objects,$(wildcard tests/vectors/*.c) $(WASM_UNIT_NAMES:%=tests/unit/%.c)))

# fuzz.mk -- the fuzzers: fuzz/NAME.c is one, its seeds are fuzz/seeds/NAME.
#
#   make fuzz T=60                   each of them for so many seconds, with clang's libFuzzer
#   make fuzz FUZZERS='cbor entry'   only these
#   make check-fuzz-seeds            their seeds and nothing else, with any compiler
#   make fuzz-seeds                  writes the seeds anew, after a change of the formats
#
# What a fuzzer needs besides: more of fuzz/kit, which is linked before the libraries; flags of libFuzzer's.

FUZZ_MORE_chain      := acts
FUZZ_MORE_api        := acts api_body api_world fake_clock fake_http
FUZZ_MORE_store_file := acts api_world fake_clock fake_http

FUZZ_FLAGS            := -timeout=30
FUZZ_FLAGS_calls      := -max_len=1024
FUZZ_FLAGS_chain      := -max_len=256
FUZZ_FLAGS_api        := -max_len=512
FUZZ_FLAGS_store_file := -max_len=256

FUZZ_SRC := $(wildcard fuzz/*.c)
FUZZERS  ?= $(FUZZ_SRC:fuzz/%.c=%)
FUZZ_KIT := $(OUT)/obj/fuzz/kit/fuzz.o
FUZZ_OBJ := $(call objects,$(FUZZ_SRC) $(wildcard fuzz/kit/*.c))

# ---- seeds ----------------------------------------------------------------------------------------

FUZZ_BIN := $(FUZZ_SRC:fuzz/%.c=$(OUT)/fuzz/%)

kit_of    = $(FUZZ_MORE_$(1):%=$(OUT)/obj/fuzz/kit/%.o)
link_fuzz = $(CC) $(LINK) $(LDFLAGS) $(2) -o $@ $(1) $(FUZZ_KIT) $(TROTH_LIBS) $(LIBS)

.SECONDEXPANSION:
$(FUZZ_BIN): $(OUT)/fuzz/%: $(OUT)/obj/fuzz/%.o $$(call kit_of,$$*) $(OUT)/obj/fuzz/kit/replay.o $(FUZZ_KIT) \
		$(TROTH_LIBS) mk/fuzz.mk
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(call link_fuzz,$< $(call kit_of,$*) $(OUT)/obj/fuzz/kit/replay.o)

check: check-fuzz-seeds
check-fuzz-seeds: $(FUZZ_BIN)
	$(Q)FUZZ_SEEDS=$(abspath fuzz/seeds) sh tools/run-tests.sh $(OUT) $(FUZZ_BIN)

$(OUT)/fuzz/write-seeds: $(OUT)/obj/fuzz/kit/write_seeds.o $(FUZZ_KIT) $(TROTH_LIBS) mk/fuzz.mk
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(call link_fuzz,$<)

fuzz-seeds: $(OUT)/fuzz/write-seeds
	$(Q)$< fuzz/seeds

# ---- libFuzzer --------------------------------------------------------------------------------------

# A build of its own: all code with clang, sanitizers and libFuzzer's counters.
T ?= 60
FUZZ_MAKE = $(MAKE) --no-print-directory CC=clang SANITIZE=1 VARIANT=libfuzzer \
	CFLAGS='-fsanitize=fuzzer-no-link $(CFLAGS)'

fuzz:
	+$(Q)$(FUZZ_MAKE) $(FUZZERS:%=fuzz-link-%)
	$(Q)$(foreach name,$(FUZZERS),FLAGS_$(name)='$(FUZZ_FLAGS) $(FUZZ_FLAGS_$(name))') \
		sh tools/run-fuzz.sh $(BUILD)/libfuzzer '$(T)' $(FUZZERS)

fuzz-link-%: $(OUT)/fuzz/%-libfuzzer ; @:

$(OUT)/fuzz/%-libfuzzer: $(OUT)/obj/fuzz/%.o $$(call kit_of,$$*) $(FUZZ_KIT) $(TROTH_LIBS) mk/fuzz.mk
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(call link_fuzz,$< $(call kit_of,$*),-fsanitize=fuzzer)

.PHONY: check-fuzz-seeds fuzz fuzz-seeds

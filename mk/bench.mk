# bench.mk -- the benchmark: one program of all of bench/, and what counts the server's syncs.

BENCH_SRC := $(wildcard bench/*.c)
BENCH_OBJ := $(call objects,$(BENCH_SRC))
BENCH_BIN := $(if $(BENCH_SRC),$(OUT)/bench/troth-bench $(OUT)/bench/sync-count.so)

$(OUT)/bench/troth-bench: $(BENCH_OBJ) $(TROTH_LIBS) mk/bench.mk
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(CC) $(LINK) $(LDFLAGS) -o $@ $(BENCH_OBJ) $(TROTH_LIBS) $(LIBS)

# Loaded into the server in front of the C library, so it is no part of it and knows nothing of it.
$(OUT)/bench/sync-count.so: bench/preload/sync_count.c bench/preload/sync_count.h mk/bench.mk
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(CC) -std=c17 -O2 $(WARNINGS) -fPIC -shared $(CPPFLAGS) -o $@ $<

bench: all $(BENCH_BIN)
	$(Q)TROTHD=$(abspath $(TROTHD)) TROTH=$(abspath $(TROTH)) bench/run.sh $(OUT)/bench

bench-quick: all $(BENCH_BIN)
	$(Q)TROTHD=$(abspath $(TROTHD)) TROTH=$(abspath $(TROTH)) bench/run.sh $(OUT)/bench quick

.PHONY: bench-quick

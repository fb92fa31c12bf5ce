# tests.mk -- the tests: one program per file, found by its folder.
#
# A test that needs a library or a linker flag of its own says so here, by its path without ".c":
#
#   LIBS_tests/unit/cbor_libcbor := -lcbor
#   LINK_tests/fault/memory := -Wl,--wrap=malloc

LIBS_tests/unit/cbor_libcbor := -lcbor
LIBS_tests/api/http_tls      := -lgnutls

# What tests/harness/fault_alloc.h needs.
FAULT_ALLOC_LINK := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
LINK_tests/unit/arena       := $(FAULT_ALLOC_LINK)
LINK_tests/fault/base_alloc := $(FAULT_ALLOC_LINK)
LINK_tests/client/remote_alloc := $(FAULT_ALLOC_LINK)
LINK_tests/client/client_alloc := $(FAULT_ALLOC_LINK)
LINK_tests/fault/store_alloc := $(FAULT_ALLOC_LINK)
LINK_tests/fault/record_alloc := $(FAULT_ALLOC_LINK)
LINK_tests/fault/practice_alloc := $(FAULT_ALLOC_LINK)
LINK_tests/fault/device_alloc := $(FAULT_ALLOC_LINK)
LINK_tests/fault/home_alloc := $(FAULT_ALLOC_LINK)
LINK_tests/unit/challenges  := $(FAULT_ALLOC_LINK)
LINK_tests/unit/circles     := $(FAULT_ALLOC_LINK)
LINK_tests/unit/config      := $(FAULT_ALLOC_LINK)
LINK_tests/unit/hub         := $(FAULT_ALLOC_LINK)
LINK_tests/unit/metrics     := $(FAULT_ALLOC_LINK)
LINK_tests/unit/pem         := $(FAULT_ALLOC_LINK)
LINK_tests/unit/rate        := $(FAULT_ALLOC_LINK)
LINK_tests/unit/readers     := $(FAULT_ALLOC_LINK)
LINK_tests/unit/session     := $(FAULT_ALLOC_LINK)
LINK_tests/unit/sweep       := $(FAULT_ALLOC_LINK)
LINK_tests/unit/writer      := $(FAULT_ALLOC_LINK) -Wl,--wrap=pthread_cond_timedwait,--wrap=clock_steady_us

# Where tests/client/crash.c ends a device: before and behind what it writes down and what it sends.
CRASH_POINTS := home_commit home_item_add home_item_set home_item_remove home_entries_add home_epoch_put \
	home_entry_set_payload home_note_put home_setting_put home_draft_put home_circle_add home_circle_set_about \
	home_account_add home_session_set remote_append remote_new_circle remote_register remote_login
LINK_tests/client/crash := $(CRASH_POINTS:%=-Wl,--wrap=%)
LINK_tests/client/lost  := -Wl,--wrap=remote_append
HOSTILE_POINTS := remote_append remote_circles remote_next_circle remote_entries remote_register home_item_set
LINK_tests/client/hostile := $(HOSTILE_POINTS:%=-Wl,--wrap=%)
LINK_tests/client/clock := -Wl,--wrap=clock_wall_ms

# ---- what there is --------------------------------------------------------------------------------

TEST_KINDS := unit vectors store api client cli fault
TEST_SRC   := $(foreach kind,$(TEST_KINDS),$(wildcard tests/$(kind)/*.c))
TEST_BIN   := $(patsubst %.c,$(OUT)/%,$(TEST_SRC))
HARNESS_OBJ := $(call objects,$(wildcard tests/harness/*.c))
HARNESS_LIB := $(if $(HARNESS_OBJ),$(OUT)/libtroth-harness.a)
TEST_OBJ   := $(call objects,$(TEST_SRC)) $(HARNESS_OBJ)

# ---- how they are made ----------------------------------------------------------------------------

TROTH_LIBS := $(HARNESS_LIB) $(WASM_LIB) $(CLI_LIB) $(CLIENT_LIB) $(SERVER_LIB) $(STORE_LIB) $(CORE_LIB)

$(HARNESS_LIB): $(HARNESS_OBJ)

link_test = $(CC) $(LINK) $(LINK_$(1)) $(LDFLAGS) -o $(OUT)/$(1) $(OUT)/obj/$(1).o $(TROTH_LIBS) \
	$(LIBS_$(1)) $(2) $(LIBS)

$(TEST_BIN): $(OUT)/tests/%: $(OUT)/obj/tests/%.o $(TROTH_LIBS) mk/tests.mk
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(call link_test,tests/$*,$(if $(filter vectors/%,$*),,-lcmocka))

# The server as the crash tests cut its power: the same program, and between SQLite and the disk a file system
# of the tests' own, which is linked in by name since nothing calls it.
POWERCUT_OBJ    := $(call objects,$(addprefix tests/harness/,vfs_powercut.c vfs_shim.c random.c))
TROTHD_POWERCUT := $(addsuffix -powercut,$(TROTHD))

$(OUT)/trothd-powercut: $(filter %/main.o,$(SERVER_OBJ)) $(POWERCUT_OBJ) $(SERVER_LIB) $(STORE_LIB) $(CORE_LIB)
	$(say) LINK $@
	$(Q)$(CC) $(LINK) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

# The server on a disk that a test can spoil while it runs.
SPOILT_OBJ    := $(call objects,tests/harness/linked/disk_spoilt.c)
TROTHD_SPOILT := $(addsuffix -spoilt,$(TROTHD))
TEST_OBJ      += $(SPOILT_OBJ)

$(OUT)/trothd-spoilt: $(filter %/main.o,$(SERVER_OBJ)) $(SPOILT_OBJ) $(SERVER_LIB) $(STORE_LIB) $(CORE_LIB)
	$(say) LINK $@
	$(Q)$(CC) $(LINK) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

# ---- how they are run -----------------------------------------------------------------------------

# One after the other. Each leaves its output in $(OUT)/log and its counts in $(OUT)/tally.
run_tests = TROTHD=$(abspath $(TROTHD)) TROTH=$(abspath $(TROTH)) sh tools/run-tests.sh $(OUT) $(filter $(OUT)/tests/$(1)/%,$(TEST_BIN))

check-unit:    $(filter $(OUT)/tests/unit/%,$(TEST_BIN))    ; $(Q)$(call run_tests,unit)
check-vectors: $(filter $(OUT)/tests/vectors/%,$(TEST_BIN)) ; $(Q)$(call run_tests,vectors)
check-store:   $(filter $(OUT)/tests/store/%,$(TEST_BIN))   ; $(Q)$(call run_tests,store)
check-api:     $(filter $(OUT)/tests/api/%,$(TEST_BIN)) $(TROTHD)   ; $(Q)$(call run_tests,api)
check-client:  $(filter $(OUT)/tests/client/%,$(TEST_BIN)) $(TROTHD) ; $(Q)$(call run_tests,client)
check-cli:     $(filter $(OUT)/tests/cli/%,$(TEST_BIN)) $(TROTHD) $(TROTH) ; $(Q)$(call run_tests,cli)
check-fault:   $(filter $(OUT)/tests/fault/%,$(TEST_BIN)) $(TROTHD) $(TROTHD_POWERCUT) $(TROTHD_SPOILT)
	$(Q)$(call run_tests,fault)
fault: check-fault

check: $(addprefix check-,$(TEST_KINDS))

check-asan:
	$(Q)$(MAKE) --no-print-directory SANITIZE=1 check-unit check-vectors check-store

# What README.md tells, from a clone of what is committed; the server needs its usual port.
check-story:
	$(Q)mkdir -p $(OUT)/log
	$(Q)sh -c 'bash tools/story.sh >$(OUT)/log/story 2>&1 && tail -n 1 $(OUT)/log/story || { tail -n 40 $(OUT)/log/story; exit 1; }'

# Slower, and not for every change: each build of its own, with what it is made to find.
check-full: check check-story
	$(Q)$(MAKE) --no-print-directory SANITIZE=1 check-unit check-vectors check-store check-api check-fault
	$(Q)$(MAKE) --no-print-directory HOSTILE=1 check-unit check-vectors check-store check-fault
	$(Q)$(MAKE) --no-print-directory SANITIZE=thread check-unit check-store check-api

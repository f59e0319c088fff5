# SPDX-License-Identifier: MIT
# A variant of MicroPython's unix port for USER_C_MODULES=natmod: AddressSanitizer for everything,
# UndefinedBehaviorSanitizer for our sources, assertions on.

DEBUG = 1
COPT = -O1 -fno-omit-frame-pointer
FROZEN_MANIFEST =
MICROPY_PY_SSL = 0
MICROPY_SSL_MBEDTLS = 0
MICROPY_PY_BTREE = 0
CFLAGS_EXTRA = -fsanitize=address -Wno-clobbered -I../../ports/unix/variants/standard
# A variable that is used before it is set gets the same wrong value in each run, whatever is on the stack.
CFLAGS_EXTRA += -ftrivial-auto-var-init=pattern

ASAN_DIR := $(realpath $(VARIANT_DIR))
# Memory functions may get a null pointer with a length of 0, as a later C standard allows.
UNDEFINED := -fsanitize=undefined -fno-sanitize-recover=undefined -fno-sanitize=nonnull-attribute
include $(ASAN_DIR)/../ours.mk
$(foreach folder,$(OURS),$(BUILD)/$(folder)/%.o): CFLAGS += $(UNDEFINED)

# The collector reads all memory that may hold a pointer, so it is not instrumented; heap.c wraps it.
RAW := -fno-sanitize=address
$(BUILD)/py/gc.o: CFLAGS += $(RAW) -Dmemset=heap_memset -Dmemcpy=heap_memcpy
$(BUILD)/shared/runtime/gchelper_generic.o $(BUILD)/$(ASAN_DIR)/heap.o: CFLAGS += $(RAW)

comma := ,
WRAPPED := gc_init gc_alloc gc_realloc gc_free gc_collect_end nlr_jump mp_event_wait_ms
LDFLAGS_EXTRA = -fsanitize=address,undefined $(WRAPPED:%=-Wl$(comma)--wrap=%) $(OURS_LDFLAGS)

# SPDX-License-Identifier: MIT
# A variant of MicroPython's unix port for USER_C_MODULES=natmod that counts how often each line
# of our sources runs. Other sources are optimised as usual.

FROZEN_MANIFEST =
MICROPY_PY_SSL = 0
MICROPY_SSL_MBEDTLS = 0
MICROPY_PY_BTREE = 0
CFLAGS_EXTRA = -I../../ports/unix/variants/standard

# Without optimisation, so that each line has code of its own.
COUNTED := -O0 --coverage -fprofile-update=atomic
include $(VARIANT_DIR)/../ours.mk
$(foreach folder,$(OURS),$(BUILD)/$(folder)/%.o): CFLAGS += $(COUNTED)

LDFLAGS_EXTRA = --coverage $(OURS_LDFLAGS)

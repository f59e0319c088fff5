# SPDX-License-Identifier: MIT
# OURS: the folders in $(BUILD) with the objects of our sources, in a variant of the unix port with
# USER_C_MODULES=natmod, which also gets the small flavour of msgpack.

OURS_TOP := $(realpath $(VARIANT_DIR)/../../..)
OURS := $(notdir $(patsubst %/,%,$(dir $(wildcard $(OURS_TOP)/natmod/*/micropython.mk)))) $\
	$(OURS_TOP)/dynruntime $(OURS_TOP)/tests/host/small

include $(OURS_TOP)/tests/host/small/small.mk
SRC_C += $(SMALL_DIR)/usermod.c
$(SMALL_OBJ): CFLAGS += -DNATMOD_WRAPS_IMPORT
OURS_LDFLAGS := -Wl,--wrap=mp_module_get_builtin

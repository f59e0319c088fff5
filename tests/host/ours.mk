# SPDX-License-Identifier: MIT
# OURS: the folders in $(BUILD) with the objects of our sources, in a variant of the unix port with
# USER_C_MODULES=natmod.

OURS_TOP := $(realpath $(VARIANT_DIR)/../../..)
OURS := $(notdir $(patsubst %/,%,$(dir $(wildcard $(OURS_TOP)/natmod/*/micropython.mk)))) $\
	$(OURS_TOP)/dynruntime

# SPDX-License-Identifier: MIT
# Adds the small flavour of msgpack to an interpreter that has the full one as a user C module: see
# usermod.c. SMALL_DIR is this folder; the including makefile compiles usermod.c in it.

SMALL_DIR := $(realpath $(dir $(lastword $(MAKEFILE_LIST))))
SMALL_SOURCES := $(SMALL_DIR)/../../../natmod/msgpack/small
SMALL_OBJ := $(BUILD)/$(SMALL_DIR)/usermod.o
# The build looks for qstrs without the object's own flags.
CFLAGS_EXTRA += -iquote $(SMALL_SOURCES)/..
# clang cannot hide the names of a whole program, so they are others.
SMALL_NAMES := $(shell sed -nE 's/^[a-zA-Z].*\b([a-z_0-9]+)\(.*\);$$/\1/p' $(SMALL_SOURCES)/small.h)
$(SMALL_OBJ): CFLAGS += -Wno-unused-parameter -DNATMOD_STACK_RESERVE=$\
	$(shell $(PYTHON) $(SMALL_DIR)/../../../tools/natmods.py $(SMALL_SOURCES) STACK) $\
	$(foreach n,natmod_init natmod_state_size $(SMALL_NAMES),-D$n=natmod_small_$n)

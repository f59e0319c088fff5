# SPDX-License-Identifier: MIT
# Compiles the Python files beside the modules, and those of ../installer/, to bytecode, which runs on every
# architecture: $(BUILD)/bytecode/.

MPY_DIR ?= ../build/deps/micropython
override MPY_DIR := $(abspath $(MPY_DIR))
BUILD ?= ../build
override BUILD := $(abspath $(BUILD))
OUT = $(BUILD)/bytecode
SOURCES = $(wildcard */*.py ../installer/*.py)
Q = $(if $(V),,@)

.PHONY: all
.DELETE_ON_ERROR:
all: $(foreach source,$(SOURCES),$(OUT)/$(basename $(notdir $(source))).mpy)

include ../tools/mpy-cross.mk

# Without line numbers, as in coprocessor/Makefile.
define rule
$(OUT)/$(basename $(notdir $1)).mpy: $1 bytecode.mk $(COMPILER)
	$(Q)mkdir -p $$(@D)
	$(Q)$(COMPILER) -O3 -s $(basename $(notdir $1)) -o $$@ $$<
endef
$(foreach source,$(SOURCES),$(eval $(call rule,$(source))))

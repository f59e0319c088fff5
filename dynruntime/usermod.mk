# SPDX-License-Identifier: MIT
# What makes a module a user C module of an interpreter, included by the module's micropython.mk;
# see docs/usermod.md. It needs only the module's folder.

NATMOD_DIR := $(realpath $(USERMOD_DIR))
NATMOD_RUNTIME := $(realpath $(NATMOD_DIR)/../../dynruntime)

# usermod.c includes all sources of the module, so that only what is marked as externally visible is
# global in its object. Clang lacks the option: there the names must differ between modules.
NATMOD_OBJ := $(BUILD)/$(notdir $(USERMOD_DIR))/usermod.o
NATMOD_GCC_ONLY := $(if $(findstring clang,$(shell $(CC) --version)),,-fwhole-program)
NATMOD_STACK := $(shell $(PYTHON) $(NATMOD_RUNTIME)/../tools/natmods.py $(NATMOD_DIR) STACK)
$(NATMOD_OBJ): NATMOD_FLAGS := $(NATMOD_GCC_ONLY) -DNATMOD_STACK_RESERVE=$(or $(NATMOD_STACK),0) $\
	$(foreach n,natmod_init natmod_state_size,-D$n=$n_$(notdir $(NATMOD_DIR)))
# As in toolkit.mk.
$(NATMOD_OBJ): CFLAGS += $(NATMOD_FLAGS) -Wno-unused-parameter
SRC_USERMOD_C += $(USERMOD_DIR)/usermod.c

# The first module adds the sources that all modules share. Memory functions and division come from the
# interpreter's own link.
ifeq ($(filter -DNATMOD_USERMOD,$(CFLAGS_USERMOD)),)
SRC_USERMOD_C += $(filter-out %/mem.c %/divide.c,$(wildcard $(NATMOD_RUNTIME)/*.c))
NATMOD_VERSION := $(shell cat $(NATMOD_RUNTIME)/../VERSION)
CFLAGS_USERMOD += -DNATMOD_USERMOD -I$(NATMOD_RUNTIME) -DNATMOD_VERSION='"$(NATMOD_VERSION)"' \
	-DNATMOD_VERSION_MAJOR=$(word 1,$(subst ., ,$(NATMOD_VERSION))) \
	-DNATMOD_VERSION_MINOR=$(word 2,$(subst ., ,$(NATMOD_VERSION))) \
	-DNATMOD_VERSION_MICRO=$(word 3,$(subst ., ,$(NATMOD_VERSION)))
endif

# What makes a module a user C module of an interpreter, included by the module's micropython.mk;
# see docs/usermod.md. All that it needs to know is where the module lies.

NATMOD_DIR := $(realpath $(USERMOD_DIR))
NATMOD_RUNTIME := $(realpath $(NATMOD_DIR)/../../dynruntime)

# Several modules may be in one interpreter, each with an import function of its own.
NATMOD_OBJ := $(patsubst $(USER_C_MODULES)/%.c,$(BUILD)/%.o,$(wildcard $(USERMOD_DIR)/*.c))
$(NATMOD_OBJ): NATMOD_RENAME := $(foreach n,natmod_init natmod_state_size,-D$n=$n_$(notdir $(NATMOD_DIR)))
$(NATMOD_OBJ): NATMOD_STACK := $(or $(shell sed -n 's/^STACK *= *//p' $(NATMOD_DIR)/Makefile),0)
$(NATMOD_OBJ): CFLAGS += $(NATMOD_RENAME) -DNATMOD_STACK_RESERVE=$(NATMOD_STACK)
SRC_USERMOD_C += $(wildcard $(USERMOD_DIR)/*.c)

# The first of the modules brings what all share. Memory functions and division come from the
# interpreter's own link.
ifeq ($(filter -DNATMOD_USERMOD,$(CFLAGS_USERMOD)),)
SRC_USERMOD_C += $(filter-out %/mem.c %/divide.c,$(wildcard $(NATMOD_RUNTIME)/*.c))
NATMOD_VERSION := $(shell cat $(NATMOD_RUNTIME)/../VERSION)
CFLAGS_USERMOD += -DNATMOD_USERMOD -I$(NATMOD_RUNTIME) -DNATMOD_VERSION='"$(NATMOD_VERSION)"' \
	-DNATMOD_VERSION_MAJOR=$(word 1,$(subst ., ,$(NATMOD_VERSION))) \
	-DNATMOD_VERSION_MINOR=$(word 2,$(subst ., ,$(NATMOD_VERSION))) \
	-DNATMOD_VERSION_MICRO=$(word 3,$(subst ., ,$(NATMOD_VERSION)))
endif

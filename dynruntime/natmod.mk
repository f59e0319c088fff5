# The build rule for one native module, included by the module's own Makefile, which sets
#   MOD          the module's name, which is also the name of the .mpy file
#   SRC          its C sources
#   NATMOD_SRC   those of dynruntime/ that it uses besides context.c and mem.c
#   STACK        bytes of C stack that the module's own functions use at most: with stack.c, each
#                function is called only if so many are left
#   WHOLE        "yes" to compile all sources at once, which makes the code a sixth smaller; then no
#                two may define the same static name
#   SMALL        "yes" for that, and small code before fast code: see NATMOD_SMALL in natmod.h
# and is called with ARCH=..., and optionally MPY_DIR=..., CROSS=..., CFLAGS_EXTRA=... and V=1.
#
# Result: build/$(ARCH)/$(MOD).mpy. Objects lie in build/obj/$(ARCH)/$(MOD).

TOP := $(realpath $(dir $(lastword $(MAKEFILE_LIST)))/..)
MPY_DIR ?= $(TOP)/build/deps/micropython
ifneq ($(words $(ARCH)),1)
$(error say which ARCH, one: make ARCH=armv7m, for instance)
endif
include $(TOP)/dynruntime/toolchain.mk
unusable := $(shell $(TOP)/tools/tree.sh check $(MPY_DIR) $(ARCH) 2>&1)
ifneq ($(unusable),)
$(error $(unusable))
endif
ifeq ($(shell command -v $(firstword $(CC))),)
$(error no compiler '$(firstword $(CC))' for ARCH=$(ARCH); run: make setup, or give CROSS=prefix-)
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
Q = $(if $(V),,@)
PYTHON ?= $(shell $(TOP)/tools/find-python.sh elftools)

OUT = $(TOP)/build/$(ARCH)
# Not below OUT: an interpreter with OUT on its path would take a folder for a package.
BUILD = $(TOP)/build/obj/$(ARCH)/$(MOD)
CONFIG_H = $(BUILD)/config.h
ALL_SRC = $(SRC) $(addprefix $(TOP)/dynruntime/,context.c mem.c $(NATMOD_SRC))
OBJ = $(addprefix $(BUILD)/,$(if $(WHOLE)$(SMALL),whole.o,$(notdir $(ALL_SRC:.c=.o))))
# Headers too may use MP_QSTR_ names.
QSTR_SRC = $(ALL_SRC) $(wildcard *.h) $(wildcard $(TOP)/dynruntime/*.h)
VPATH = $(TOP)/dynruntime

LINK_PY = $(addprefix $(TOP)/dynruntime/,link.py init_last.py entry.py xtensa.py)

VERSION := $(shell cat $(TOP)/VERSION)

# Optimisations that make the code longer and not faster; found by leaving each out.
LEAN = -fno-move-loop-invariants -fno-tree-dominator-opts -fno-tree-pta -fno-tree-scev-cprop \
	-fno-schedule-insns2 -fno-ira-hoist-pressure

# Jump tables and the loops that GCC turns into library calls need what mpy_ld cannot give.
# The float width is no business of the build: natmod.h forbids floats in calls.
CFLAGS = -std=c99 -Os -Wall -Wextra -Werror -DNDEBUG -DNO_QSTR -DMICROPY_ENABLE_DYNRUNTIME \
	-DMP_CONFIGFILE='<$(CONFIG_H)>' -DMICROPY_FLOAT_IMPL=MICROPY_FLOAT_IMPL_NONE \
	$(STACK:%=-DNATMOD_STACK_RESERVE=%) -DNATMOD_VERSION='"$(VERSION)"' \
	-DNATMOD_VERSION_MAJOR=$(word 1,$(subst ., ,$(VERSION))) \
	-DNATMOD_VERSION_MINOR=$(word 2,$(subst ., ,$(VERSION))) \
	-DNATMOD_VERSION_MICRO=$(word 3,$(subst ., ,$(VERSION))) \
	-fpic -fno-common -fvisibility=hidden -fno-jump-tables -fno-tree-loop-distribute-patterns \
	-U_FORTIFY_SOURCE -ffile-prefix-map=$(TOP)=. \
	-I. -I$(TOP)/dynruntime -isystem $(MPY_DIR) $(CFLAGS_$(ARCH)) \
	$(if $(WHOLE)$(SMALL),-fwhole-program -DNATMOD_WHOLE $(LEAN)) \
	$(if $(SMALL),-DNATMOD_SMALL) $(CFLAGS_MOD) $(CFLAGS_EXTRA)

.PHONY: all clean FORCE
all: $(OUT)/$(MOD).mpy

clean:
	$(Q)rm -rf $(BUILD) $(OUT)/$(MOD).mpy

$(BUILD):
	$(Q)mkdir -p $@

# Rewritten only when its text changes, so that everything rebuilds when a flag, the compiler or
# the MicroPython tree does, and nothing otherwise.
$(BUILD)/flags: FORCE | $(BUILD)
	$(Q)printf '%s\n' '$(subst ','\'',$(CC) $(CFLAGS) $(MPY_DIR) $(ALL_SRC))' >$@.new; \
	cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# The numbers of the module's qstrs, and below them NATMOD_NAME_ constants for natmod_name_t. Every object depends on them, so a source that changes
# without changing the list must not touch the file.
$(BUILD)/qstr.stamp: $(QSTR_SRC) $(BUILD)/flags
	$(Q)$(PYTHON) $(MPY_DIR)/tools/mpy_ld.py --arch $(ARCH) --preprocess -o $(CONFIG_H).new $(QSTR_SRC)
	$(Q)sed -n -e 's/^#define \(MP_QSTR_[^ ]*\) (mp_native_qstr_table.\([0-9]*\).)/#define NATMOD_NAME_\1 (0x8000 + \2)/p' \
		-e 's/^#define \(MP_QSTR_[^ ]*\) (\([0-9]*\))/#define NATMOD_NAME_\1 (\2)/p' $(CONFIG_H).new >$(CONFIG_H).names
	$(Q)cat $(CONFIG_H).names >>$(CONFIG_H).new
	$(Q)cmp -s $(CONFIG_H).new $(CONFIG_H) && rm $(CONFIG_H).new || mv $(CONFIG_H).new $(CONFIG_H)
	$(Q)touch $@

$(CONFIG_H): $(BUILD)/qstr.stamp ;

$(BUILD)/%.o: %.c $(CONFIG_H) $(BUILD)/flags $(if $(filter xtensawin,$(ARCH)),$(WINDOWED))
	$(Q)echo "CC    $(ARCH) $(MOD) $(notdir $<)"
	$(Q)$(CC) $(CFLAGS) -MD -MP -o $@ -c $<

$(BUILD)/whole.c: $(BUILD)/flags
	$(Q)printf '#include "%s"\n' $(ALL_SRC) >$@

$(BUILD)/whole.o: $(BUILD)/whole.c $(CONFIG_H) $(if $(filter xtensawin,$(ARCH)),$(WINDOWED))
	$(Q)echo "CC    $(ARCH) $(MOD)"
	$(Q)$(CC) $(CFLAGS) -MD -MP -o $@ -c $<

$(OUT)/$(MOD).mpy: $(OBJ) $(CONFIG_H) $(LINK_PY) $(MPY_DIR)/tools/mpy_ld.py
	$(Q)echo "LINK  $(ARCH) $(MOD)"
	$(Q)mkdir -p $(OUT); rm -f $@
	$(Q)$(PYTHON) $(TOP)/dynruntime/link.py --tree $(MPY_DIR) --arch $(ARCH) --qstrs $(CONFIG_H) \
		--output $@ $(OBJ)

-include $(OBJ:.o=.d)

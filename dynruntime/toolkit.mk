# SPDX-License-Identifier: MIT
# The build rule for one native module, included by the module's own Makefile, which sets
#   MOD          the module's name, which is also the name of the .mpy file
#   SRC          its sources: C files, and Python files, which run after natmod_init, in this order,
#                with the same globals
#   NATMOD_SRC   the sources of dynruntime/ that it uses besides context.c and mem.c
#   STACK        bytes of C stack that the module's own functions use at most: with stack.c, each
#                function is called only if as many are free
#   LAYOUTS      some of INT ... INSTANCE (see layout.c): the import fails if the firmware's layout of
#                one of these types differs; needs layout.c and raise.c
#   WHOLE        "yes" to compile all sources at once, which makes the code a sixth smaller; then no
#                two may define the same static name
#   SMALL        "yes" for WHOLE, and for small code before fast code: see NATMOD_SMALL in toolkit.h
# and is called with ARCH=..., and optionally MPY_DIR=..., CROSS=..., CFLAGS_EXTRA=... and V=1.
#
# It may also set
#   NATMOD_VERSION   the module's version, three numbers as in 1.2.3 (0.0.0 by default)
#   FLAVOUR          a word that __version__ has after the version, as in 1.2.3+small, where a module is
#                    built in several ways
#   IN_PLACE         "yes" to have the code executed in flash, see in_place.h; then in_place.c, raise.c and
#                    text.c are in NATMOD_SRC
#   MPY_CROSS        the compiler for Python files, made with the same MicroPython
#                    ($(MPY_DIR)/mpy-cross/build/mpy-cross by default)
#   LINK_RUNTIME     1 to link the functions of GCC's library that the module calls, for instance for
#                    division of 64-bit integers, or for floats if the processor has none
#   BUILD_DIR        the folder for all output (build, beside the Makefile, by default)
#   UPSTREAM         "yes" if the sources are written against MicroPython's own py/dynruntime.h, with
#                    an mpy_init; by default, if one uses MP_DYNRUNTIME_INIT_ENTRY
#
# Result: $(BUILD_DIR)/$(ARCH)/$(MOD).mpy. Objects lie in $(BUILD_DIR)/obj/$(ARCH)/$(MOD). Nothing is
# written anywhere else. This folder works from any place and needs nothing that lies outside it but
# MicroPython's source at MPY_DIR.

TOOLKIT := $(realpath $(dir $(lastword $(MAKEFILE_LIST))))
NATMOD_VERSION ?= 0.0.0
BUILD_DIR ?= build

ifneq ($(words $(ARCH)),1)
$(error say which ARCH, one: make ARCH=armv7m, for instance)
endif
include $(TOOLKIT)/toolchain.mk
unusable := $(shell NATMOD_SETUP='$(NATMOD_SETUP)' $(TOOLKIT)/tree.sh check '$(MPY_DIR)' $(ARCH) 2>&1)
ifneq ($(unusable),)
$(error $(unusable))
endif
ifeq ($(shell command -v $(firstword $(CC))),)
$(error no compiler '$(firstword $(CC))' for ARCH=$(ARCH); $(or $(NATMOD_SETUP),install it), or give CROSS=prefix-)
endif
ifeq ($(PYTHON),)
PYTHON := $(shell $(TOOLKIT)/find-python.sh elftools 2>/dev/null)
endif
ifeq ($(PYTHON),)
$(error no python3 here has pyelftools; $(or $(NATMOD_SETUP),install it), or give PYTHON=/path/to/python3)
endif
# No __pycache__ in this folder or in MicroPython's.
export PYTHONDONTWRITEBYTECODE = 1
ifeq ($(shell echo '$(NATMOD_VERSION)' | grep -xE '((0|[1-9][0-9]*)(\.|$$)){3}'),)
$(error NATMOD_VERSION is '$(NATMOD_VERSION)', not three numbers as in 1.2.3)
endif
ifneq ($(FLAVOUR),$(shell echo '$(FLAVOUR)' | tr -cd a-z0-9))
$(error FLAVOUR is '$(FLAVOUR)', not a word of small letters and digits)
endif
foreign := $(filter-out %.c %.py,$(SRC))
ifneq ($(foreign),)
cxx := $(if $(filter %.cpp %.cc %.cxx,$(foreign)), (C++ needs a library that no firmware has))
$(error SRC can have C (.c) and Python (.py) files only$(cxx): $(foreign))
endif
C_SRC = $(filter %.c,$(SRC))
ifeq ($(origin UPSTREAM),undefined)
UPSTREAM := $(if $(shell grep -lw MP_DYNRUNTIME_INIT_ENTRY /dev/null $(C_SRC) 2>/dev/null),yes)
endif
ifneq ($(UPSTREAM),)
useless := $(strip $(foreach n,NATMOD_SRC LAYOUTS STACK WHOLE SMALL,$(if $($n),$n)))
ifneq ($(useless),)
$(error $(useless): for sources with toolkit.h, but $(or $(C_SRC),SRC) has an mpy_init of its own)
endif
# As py/dynruntime.mk does, take what the Makefile adds to CFLAGS before this is included.
ifeq ($(origin CFLAGS),file)
CFLAGS_MOD := $(CFLAGS) $(CFLAGS_MOD)
endif
endif
PY_SRC = $(filter %.py,$(SRC))
absent := $(filter-out $(wildcard $(SRC)),$(filter $(addsuffix /lib/%,$(MPY_DIR) $(realpath $(MPY_DIR))),$(SRC)))
ifneq ($(absent),)
submodule := lib/$(firstword $(subst /, ,$(lastword $(subst /lib/, ,$(firstword $(absent))))))
$(error no $(firstword $(absent)): this MicroPython tree has no $(submodule); $\
	run: git -C $(MPY_DIR) submodule update --init $(submodule), or give MPY_DIR= another)
endif
MPY_CROSS ?= $(MPY_DIR)/mpy-cross/build/mpy-cross
ifneq ($(PY_SRC),)
ifeq ($(shell command -v '$(MPY_CROSS)'),)
$(error no $(MPY_CROSS), which compiles $(PY_SRC); run: make -C $(MPY_DIR)/mpy-cross, or give MPY_CROSS=/path/to/mpy-cross)
endif
endif
same := $(strip $(foreach n,$(sort $(notdir $(SRC))),$(if $(word 2,$(filter $n,$(notdir $(SRC)))),$n)))
ifneq ($(same),)
$(error two sources have the same name: $(same))
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
Q = $(if $(V),,@)

OUT = $(abspath $(BUILD_DIR))/$(ARCH)
# Not below OUT: an interpreter with OUT on its path would take a folder for a package.
BUILD = $(abspath $(BUILD_DIR))/obj/$(ARCH)/$(MOD)
CONFIG_H = $(BUILD)/config.h
# Only the functions that would otherwise be undefined are linked from these.
SPARE_SRC = $(if $(filter xtensa%,$(ARCH)),$(TOOLKIT)/divide.c)
objects = $(addprefix $(BUILD)/$1,$(notdir $(2:.c=.o)))
ifeq ($(UPSTREAM),)
TOOLKIT_SRC = $(addprefix $(TOOLKIT)/,context.c mem.c $(NATMOD_SRC))
QSTR_HEADERS = $(wildcard $(TOOLKIT)/*.h)
OBJ = $(if $(WHOLE)$(SMALL),$(BUILD)/whole.o,$(call objects,,$(C_SRC)) $(call objects,dynruntime/,$(TOOLKIT_SRC)))
else
# upstream/init.c has the variable that must be the first. Sources may define functions of mem.c.
TOOLKIT_SRC = $(TOOLKIT)/upstream/init.c
OBJ = $(call objects,dynruntime/,$(TOOLKIT_SRC)) $(call objects,,$(C_SRC))
SPARE_SRC += $(TOOLKIT)/mem.c
endif
SPARE = $(call objects,dynruntime/,$(SPARE_SRC))
ALL_SRC = $(C_SRC) $(TOOLKIT_SRC)
# Folders of sources besides the Makefile's own.
SRC_DIRS = $(filter-out ./,$(sort $(dir $(SRC))))
# Headers too may use MP_QSTR_ names.
QSTR_SRC = $(ALL_SRC) $(wildcard *.h $(addsuffix *.h,$(SRC_DIRS))) $(QSTR_HEADERS)
VPATH = $(SRC_DIRS)

LINK_PY = $(addprefix $(TOOLKIT)/,link.py run_mpy_ld.py entry.py mend_xtensa.py)

# Macros that the assembler reads before the compiler's output.
MACROS = $(if $(filter xtensawin,$(ARCH)),$(WINDOWED),$(NEAR_CALLS))
NEAR_CALLS := $(if $(filter rv%,$(ARCH)),$(if $(WHOLE)$(SMALL),$(TOOLKIT)/riscv.s))

# Short calls, which RV64 has not. An object file with marks has another name, so that nothing links one, not
# even after a build that was killed.
MARKS_CALLS := $(if $(filter rv32%,$(ARCH)),$(NEAR_CALLS))
MARKED = $(if $(MARKS_CALLS),$(BUILD)/marked.o,$@)

# All functions share code that saves and restores registers, which takes 3 to 8 % more instructions.
SAVE_RESTORE = $(if $(filter rv32imc,$(ARCH)),$(if $(SMALL),-msave-restore -DNATMOD_SAVE_RESTORE))

TABLE_IN_REGISTER = $(TABLE_REGISTER_$(ARCH):%=-ffixed-%) $(TABLE_REGISTER_$(ARCH):%=-DNATMOD_TABLE_REGISTER='"%"')

# Optimisations that make the code longer and not faster; found by leaving each out.
LEAN = -fno-move-loop-invariants -fno-tree-dominator-opts -fno-tree-pta -fno-tree-scev-cprop \
	-fno-schedule-insns2 -fno-ira-hoist-pressure

# Where the import's code stays in memory (ESP32-C3, Xtensa), 1.3 KB is too much for a check.
LAYOUT_FLAGS = $(if $(filter arm% x%,$(filter-out xtensa%,$(if $(LAYOUTS),$(ARCH)))),-DNATMOD_MODULE='"$(MOD)"' -DNATMOD_LAYOUTS='$(LAYOUTS:%=1 << LAYOUT_% |) 0')

# mpy_ld supports neither jump tables nor the library calls that GCC makes of loops.
# The build does not depend on the float width: toolkit.h forbids floats in calls. The interpreter
# defines the parameters of many functions, so unused ones are no mistake.
CFLAGS = -std=c99 -Os -Wall -Wextra -Wno-unused-parameter -Werror -DNDEBUG -DNO_QSTR -DMICROPY_ENABLE_DYNRUNTIME \
	-DMP_CONFIGFILE='<$(CONFIG_H)>' -DMICROPY_FLOAT_IMPL=MICROPY_FLOAT_IMPL_NONE \
	$(STACK:%=-DNATMOD_STACK_RESERVE=%) $(LAYOUT_FLAGS) -DNATMOD_VERSION='"$(NATMOD_VERSION)$(FLAVOUR:%=+%)"' \
	-DNATMOD_VERSION_MAJOR=$(word 1,$(subst ., ,$(NATMOD_VERSION))) \
	-DNATMOD_VERSION_MINOR=$(word 2,$(subst ., ,$(NATMOD_VERSION))) \
	-DNATMOD_VERSION_MICRO=$(word 3,$(subst ., ,$(NATMOD_VERSION))) \
	-fpic -fno-common -fvisibility=hidden -fno-jump-tables -fno-tree-loop-distribute-patterns \
	-U_FORTIFY_SOURCE -ffile-prefix-map=$(realpath $(TOOLKIT)/..)=. \
	-I. -I$(TOOLKIT) -isystem $(MPY_DIR) $(CFLAGS_$(ARCH)) \
	$(if $(WHOLE)$(SMALL),-fwhole-program -DNATMOD_WHOLE $(LEAN) $(TABLE_IN_REGISTER)) $(NEAR_CALLS:%=-Wa,%) \
	$(if $(SMALL),-DNATMOD_SMALL $(SAVE_RESTORE)) $(CFLAGS_MOD) $(CFLAGS_EXTRA)
ifneq ($(UPSTREAM),)
# As py/dynruntime.mk has it: mpy_ld.py finds variables only by their names.
CFLAGS_UPSTREAM = -Wno-extra -fvisibility=default -I$(TOOLKIT)/upstream
$(OBJ): private CFLAGS += $(CFLAGS_UPSTREAM)
endif
$(SPARE): private CFLAGS += -ffunction-sections

.PHONY: all clean FORCE
all: $(OUT)/$(MOD).mpy

clean:
	$(Q)rm -rf $(BUILD) $(OUT)/$(MOD).mpy

$(BUILD)/dynruntime:
	$(Q)mkdir -p $@

# Rewritten only when its text changes, so that everything rebuilds when a flag, the compiler or
# the MicroPython tree does, and nothing otherwise.
$(BUILD)/flags: FORCE | $(BUILD)/dynruntime
	$(Q)printf '%s\n' '$(subst ','\'',$(CC) $(CFLAGS) $(CFLAGS_UPSTREAM) $(MPY_DIR) $(ALL_SRC) $(PY_SRC) $(LINK_RUNTIME))' >$@.new; \
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

define compile
	$(Q)echo "CC    $(ARCH) $(MOD) $(notdir $<)"
	$(Q)$(CC) $(CFLAGS) -MD -MP -o $@ -c $<
endef

$(BUILD)/%.o: %.c $(CONFIG_H) $(BUILD)/flags $(MACROS)
	$(compile)

$(BUILD)/dynruntime/%.o: $(TOOLKIT)/%.c $(CONFIG_H) $(BUILD)/flags $(MACROS)
	$(compile)

$(BUILD)/dynruntime/%.o: $(TOOLKIT)/upstream/%.c $(CONFIG_H) $(BUILD)/flags $(MACROS)
	$(compile)

$(BUILD)/whole.c: $(BUILD)/flags
	$(Q)printf '#include "%s"\n' $(ALL_SRC) >$@

$(BUILD)/whole.o: $(BUILD)/whole.c $(CONFIG_H) $(MACROS) $(MARKS_CALLS:%/riscv.s=%/mend_riscv.py)
	$(Q)echo "CC    $(ARCH) $(MOD)"
	$(Q)$(CC) $(CFLAGS) $(MARKS_CALLS:%=-Wa,--defsym,natmod_marks_calls=1) -MD -MP -MF $(@:.o=.d) -MT $@ -o $(MARKED) -c $<
	$(if $(MARKS_CALLS),$(Q)$(PYTHON) $(TOOLKIT)/mend_riscv.py $(MARKED) $@)

LINK = $(PYTHON) $(TOOLKIT)/link.py --tree $(MPY_DIR) --arch $(ARCH) --qstrs $(CONFIG_H) \
	--compiler '$(COMPILER)' $(addprefix --spare ,$(SPARE)) $(if $(UPSTREAM),--upstream)
# Without specs, which bring a linker script.
COMPILER = $(CC) $(filter-out -specs=%,$(CFLAGS_$(ARCH)))
ifeq ($(LINK_RUNTIME),1)
ifneq ($(and $(filter xtensawin,$(ARCH)),$(findstring lx106,$(CC))),)
$(error LINK_RUNTIME=1 for xtensawin needs Espressif's compiler: $(firstword $(CC)) has a library for the ESP8266)
endif
LINK += --runtime
endif
LINKED = $(OBJ) $(SPARE) $(CONFIG_H) $(LINK_PY) $(MPY_DIR)/tools/mpy_ld.py

ifeq ($(PY_SRC),)
$(OUT)/$(MOD).mpy: $(LINKED)
	$(Q)echo "LINK  $(ARCH) $(MOD)"
	$(Q)mkdir -p $(OUT); rm -f $@
	$(Q)$(LINK) --output $@ $(OBJ)
else
# link.py stores the name of its output in the file.
NATIVE = $(BUILD)/native/$(MOD).mpy
COMPILED = $(addprefix $(BUILD)/,$(notdir $(PY_SRC:.py=.py.mpy)))

$(NATIVE): $(LINKED)
	$(Q)echo "LINK  $(ARCH) $(MOD)"
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) --output $@ $(OBJ)

# A merged file has one name in its tracebacks, the native code's: another would only cost RAM.
$(BUILD)/%.py.mpy: %.py $(MPY_CROSS) $(BUILD)/flags
	$(Q)echo "MPY   $(ARCH) $(MOD) $(notdir $<)"
	$(Q)$(MPY_CROSS) -march=$(ARCH) -s $(MOD).mpy -o $@ $<

$(OUT)/$(MOD).mpy: $(NATIVE) $(COMPILED)
	$(Q)echo "MERGE $(ARCH) $(MOD)"
	$(Q)mkdir -p $(OUT); rm -f $@
	$(Q)$(PYTHON) $(MPY_DIR)/tools/mpy-tool.py --merge -o $@ $^
endif

ifneq ($(IN_PLACE),)
include $(TOOLKIT)/in_place.mk
endif

-include $(patsubst %.o,%.d,$(OBJ) $(SPARE))

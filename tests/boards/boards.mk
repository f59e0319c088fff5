# SPDX-License-Identifier: MIT
# Builds the stock MicroPython interpreters that the tests run on.
#
#   make -f tests/boards/boards.mk interpreter TARGET=unix-x64,mps2-an385
#
# Variables: TOP (the repository), MPY_DIR and MPY_NEXT (MicroPython trees, never written to),
# PYTHON, TARGET (default: all). V=1 shows the compiler's output.

TOP ?= $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
override TOP := $(abspath $(TOP))
MPY_DIR ?= $(TOP)/build/deps/micropython
MPY_NEXT ?= $(TOP)/build/deps/micropython-next
PYTHON ?= python3
BOARDS := $(TOP)/tests/boards

# UNIX, QEMU, XTENSA and PICO, which are the names of each kind, config_... for those that
# unix/mpconfigvariant.h describes, and names, which are those to build.
$(foreach line,$(or $(shell $(PYTHON) $(BOARDS)/table.py '$(TARGET)'),$$(error|table.py|failed)),$\
	$(eval $(subst |, ,$(line))))

# The command line of this make is not meant for MicroPython's makefiles: TOP would be fatal.
MAKEOVERRIDES :=
unexport TOP TARGET ARCH BUILD BOARD BOARD_DIR CROSS CROSS_COMPILE VARIANT CFLAGS_EXTRA V
unexport MPY_DIR FROZEN_MANIFEST USER_C_MODULES MICROPY_HEAP_SIZE

.PHONY: interpreter FORCE
FORCE:

tree = $(abspath $(if $(filter next-%,$(1)),$(MPY_NEXT),$(MPY_DIR)))
board = $(patsubst next-%,%,$(1:-builtin=))
# The modules for these boards, too, are in folders that are named for the architecture.
out = $(TOP)/build/$(if $(filter $(XTENSA),$(1)),qemu-)$(1)
port = $(or $(if $(filter $(UNIX),$(1)),unix),$(if $(filter $(XTENSA),$(1)),xtensa),$\
	$(if $(filter $(PICO),$(1)),rp2),qemu)

# What needs the newer MicroPython is left out where that is absent: the runner reports it.
absent := $(foreach t,$(filter next-%,$(names)),$(if $(wildcard $(call tree,$(t))/py/py.mk),,$(t)))
$(foreach t,$(absent),$(info $(t): skipped, no MicroPython at $(call tree,$(t))))
interpreter: $(foreach t,$(filter-out $(absent),$(names)),$(call out,$(t))/interpreter.stamp)
	@:

# Checked before anything in build/ is touched.
ports = $(if $(filter $(XTENSA),$(1)),$(BOARDS)/xtensa,$(call tree,$(1))/ports/$(call port,$(1)))
$(foreach t,$(filter-out $(absent),$(names)),$(if $(wildcard $(call ports,$(t))/Makefile),,$\
	$(error $(t): no MicroPython with ports/$(call port,$(t)) (v1.25 and later) at $\
	$(call tree,$(t)); "make setup" fetches one)))

# Without btree, and mostly without TLS, which need submodules; without frozen modules, which need
# mpy-cross.
unix-flags = $(if $(filter %-ssl,$(1)),MBEDTLS=$(TOP)/build/deps/mbedtls,MICROPY_PY_SSL=0 MICROPY_SSL_MBEDTLS=0) $\
	MICROPY_PY_BTREE=0 FROZEN_MANIFEST= $\
	$(if $(findstring x86,$(1)),CC="gcc -m32" MICROPY_PY_FFI=0 MICROPY_PY_JNI=0) $\
	$(if $(config_$(1)),VARIANT_DIR=$(BOARDS)/unix CFLAGS_EXTRA=-DCONFIG_$(config_$(1))) $\
	$(if $(filter %-nanbox,$(1)),VARIANT=nanbox)
qemu-flags = BOARD=$(call board,$(1)) BOARD_DIR=$(BOARDS)/$(call board,$(1))
xtensa-flags = MPY_DIR=$(call tree,$(1)) ABI=$(if $(filter xtensawin,$(1)),windowed,call0)
rp2-flags = MPY_DIR=$(call tree,$(1)) DEPS=$(TOP)/build/deps
# Where the makefile is.
maker = $(if $(filter $(PICO),$(1)),$(BOARDS)/rpi-pico,$(call ports,$(1)))
# The modules for those that have them built in: CMake takes a file, make a folder, here one of
# links, which has the folder of a QEMU board, too.
links = $(call out,$(1))/usermod
builtin-flags = USER_C_MODULES=$(if $(filter $(PICO),$(1)),$(TOP)/natmod/micropython.cmake,$(links))
command = -C $(call maker,$(1)) BUILD=$(call out,$(1)) PYTHON=$(PYTHON) $\
	$(call $(call port,$(1))-flags,$(1)) $(if $(filter %-builtin,$(1)),$(builtin-flags))

# Identifies a tree: its place, its version and, of a checkout, the commit.
version = $(shell grep -hE '^\#define MICROPY_VERSION_(MAJOR|MINOR|MICRO|PRE)' $\
	$(1)/py/mpconfig.h 2>/dev/null | tr -dc '0-9\n' | tr '\n' .) $\
	$(if $(wildcard $(1)/.git),$(shell git -C $(1) rev-parse HEAD 2>/dev/null))

# Identifies our part of a board: the contents of its files.
files = $(wildcard $(BOARDS)/$(call board,$(1))/* $(BOARDS)/mps2-an385/* $\
	$(BOARDS)/support/*.* $(BOARDS)/support/usermod/*/*)
files-xtensa = $(wildcard $(BOARDS)/xtensa/*.[chS] $(BOARDS)/xtensa/xtensa/*/*.h) $\
	$(BOARDS)/xtensa/Makefile $\
	$(TOP)/dynruntime/windowed.s $(BOARDS)/support/usermod/board/storage.c
files-pico = $(BOARDS)/rpi-pico/Makefile $(BOARDS)/rpi-pico/manifest.py $(wildcard $(BOARDS)/rpi-pico/rom/*)
flags-builtin = $(wildcard $(addprefix $(TOP)/,natmod/micropython.* natmod/*/micropython.* $\
	natmod/*/Makefile dynruntime/usermod.mk dynruntime/usermod.cmake VERSION))
# What is compiled again when it changes.
sources-builtin = $(wildcard $(TOP)/natmod/*/*.[ch] $(TOP)/dynruntime/*.[ch])
contents = $(if $(filter $(QEMU),$(1)),$(shell cat $(call files,$(1)) | cksum)) $\
	$(if $(config_$(1)),$(shell cat $(BOARDS)/unix/* | cksum)) $\
	$(if $(filter $(XTENSA),$(1)),$(shell cat $(files-xtensa) | cksum)) $\
	$(if $(filter $(PICO),$(1)),$(shell cat $(files-pico) | cksum)) $\
	$(if $(filter %-builtin,$(1)),$(shell cat $(flags-builtin) | cksum))

# All that an interpreter is made of is in config.txt. When that changes, MicroPython's makefiles,
# which do not notice a changed flag, must start afresh. It is away while they run: a build that is
# killed may leave half a file, which the next one would take for a whole one.
config = $(strip $(call version,$(call tree,$(1))) $(call contents,$(1)) $(call command,$(1)))
define rules
$(call out,$(1))/config.txt: FORCE
	@mkdir -p $$(@D)
	@echo '$(call config,$(1))' | cmp -s - $$@ || $\
		{ rm -rf $$(@D) && mkdir -p $$(@D) && echo '$(call config,$(1))' > $$@; }

$(call out,$(1))/interpreter.stamp: $(call out,$(1))/config.txt $(if $(filter %-builtin,$(1)),$(sources-builtin))
	$(if $(filter %-builtin,$(1)),@mkdir -p $(links) && ln -sfn $(dir $(wildcard $(TOP)/natmod/*/micropython.mk)) $\
		$(if $(filter $(QEMU),$(1)),$(BOARDS)/support/usermod/board) $(links)/)
	@echo "Building MicroPython for $(1)"
	@mv $$< $$<.building
	+@$$(MAKE) $(call command,$(1)) $(if $(V),,> $(call out,$(1))/build.log 2>&1) || $\
		{ $(if $(V),,tail -30 $(call out,$(1))/build.log >&2;) $\
		echo "$(1): the interpreter does not build" >&2; exit 1; }
	@mv $$<.building $$<
	$(if $(findstring x86,$(1)),@[ $$$$(od -An -tu1 -j4 -N1 $(call out,$(1))/micropython) = 1 ] || $\
		{ echo "$(1): this MicroPython's ports/unix ignores CC=\"gcc -m32\": 64 bits" >&2; exit 1; })
	@touch $$@
endef
$(foreach t,$(filter-out $(absent),$(names)),$(eval $(call rules,$(t))))

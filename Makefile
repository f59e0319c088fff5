# SPDX-License-Identifier: MIT
# The front door: `make` lists what there is. Every target first sets up what it needs (see
# tools/setup.sh) and leaves out what it does not, which tools/plan.py knows: `make ARCH=armv7m`
# wants the ARM compiler only.

# Settings, all optional:
#   ARCH     which architecture to build (or several: ARCH='x64 x86')
#   CROSS    another compiler prefix for that ARCH
#   TARGET   one test target, or several with commas between them
#   PART     one part of make test-long, or several with commas between them
#   MPY_DIR  a MicroPython source tree to use instead of the one that setup fetches
#   DIST     where make dist puts the release (dist)
#   URL      where the release will be, for packages with whole addresses
#   STEP     one step of make release-check, or several with commas between them
#   BOARD    which board make firmware is for
#   PORT     the serial port of the board that make deploy is for; MODULE=msgpack, FORCE=1, SMALL=1,
#            FULL=1 and IN_PLACE=1 go with it; or that make test-board is for, and FILES=... with it
#   ROLE     client or server: make deploy makes the board this side of coprocessor/
#   V=1      show commands
override TOP := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
FETCHED := $(TOP)/build/deps/micropython
MPY_DIR ?= $(FETCHED)
override MPY_DIR := $(abspath $(MPY_DIR))
export MPY_DIR
DIST ?= dist

CROSS_GIVEN := $(CROSS)
include $(TOP)/dynruntime/toolchain.mk
.DEFAULT_GOAL := $(if $(ARCH),all,help)
.PHONY: help all bytecode setup demo examples test test-long test-board coverage fuzz bench size stack dist release-check deploy firmware check format clean distclean ready modules interpreter

# WANTED (architectures), NEEDS (groups of tools/setup.sh), INTERPRETERS and EXAMPLES_TARGET (each a
# TARGET), which python tells; one is installed where there is none.
GOALS := $(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))
ifneq ($(filter-out help clean distclean,$(GOALS)),)
PYTHON_HERE = $(shell $(TOP)/tools/find-python.sh json 2>/dev/null)
ASKED := $(or $(PYTHON_HERE),$(shell $(TOP)/tools/setup.sh python >&2)$(PYTHON_HERE),python3)
$(foreach line,$(or $(shell $(ASKED) $(TOP)/tools/plan.py 'TARGET=$(TARGET)' 'PART=$(PART)' 'ARCH=$(ARCH)' 'ARCHS=$(ARCHS)' \
	'CROSS=$(CROSS_GIVEN)' 'CROSS_xtensawin=$(CROSS_xtensawin)' FETCHED=$(filter $(FETCHED),$(MPY_DIR)) \
	$(GOALS)),$$(error|tools/plan.py|failed)),$(eval $(subst |, ,$(line))))
endif

# Sub-makes use all processors, unless this make was told how many.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))
SUBMAKE = +@$(MAKE) --no-print-directory
PYTHON_FOR = $$($(TOP)/tools/find-python.sh $1)

help: ## list what make can do
	@echo "mpy-natmods: native modules for stock MicroPython"; echo
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-10s %s\n", $$1, $$2 }'
	@echo; echo "ARCH    one or more ('x64 x86') of $(ARCHS)"
	@echo "TARGET  one or more (a,b) of the table in tests/README.md"
	@echo "ROLE    client or server: make deploy makes the board this side of coprocessor/"
	@echo "PART    one or more (a,b) of the parts in that table"
	@echo "MPY_DIR=/path/to/micropython uses that tree (v1.23 or later) instead of fetching one"

ready:
	@$(TOP)/tools/setup.sh $(NEEDS)
	@$(TOP)/tools/tree.sh check '$(MPY_DIR)' $(ARCH)

setup: ready ## install and fetch all that the others need (they do it too)
	@echo "Everything is there."

modules: ready
	$(SUBMAKE) $(JOBS) -f tools/modules.mk modules WANTED="$(WANTED)"

# Bytecode runs on all architectures; its compiler is for this machine, whose compiler that of x64 is.
BYTECODE_MAKE = $(if $(filter x64,$(NEEDS)),$(SUBMAKE) $(JOBS) BUILD=$(TOP)/build)
bytecode: ready modules
	$(if $(BYTECODE_MAKE),$(BYTECODE_MAKE) -C coprocessor)
	$(if $(BYTECODE_MAKE),$(BYTECODE_MAKE) -C natmod -f bytecode.mk)

all: modules bytecode ## build the modules for every architecture, into build/<arch>/, or for one  [ARCH=...]
	$(SUBMAKE) -f tools/modules.mk table WANTED="$(WANTED)"

include tests/tests.mk
include bench/bench.mk

# It asks the board for its ARCH, and then makes that. SMALL and IN_PLACE mean something else to the
# modules' Makefiles.
deploy: private MAKEOVERRIDES := $(filter-out SMALL=% FULL=% IN_PLACE=%,$(MAKEOVERRIDES))
deploy: ready ## put the modules on a board  [PORT=/dev/ttyACM0] [MODULE=...] [ROLE=client] [FORCE=1] [SMALL=1] [FULL=1] [IN_PLACE=1]
	+@unset SMALL FULL IN_PLACE; $(call PYTHON_FOR,json) tools/deploy.py $(if $(FORCE),--force) $(if $(ROLE),--role '$(ROLE)') \
		$(if $(SMALL),--small) $(if $(FULL),--full) $(if $(IN_PLACE),--in-place) '$(PORT)' $(MODULE)

firmware: ready ## build firmware that has the modules built in  [BOARD=RPI_PICO]
	+@$(call PYTHON_FOR,elftools) tools/build_firmware.py '$(MPY_DIR)' '$(BOARD)'

dist: modules bytecode ## make dist/, a release of all that is built for every architecture  [DIST=dist] [URL=...]
	$(SUBMAKE) -f tools/modules.mk dist WANTED="$(WANTED)" DIST="$(DIST)" URL="$(URL)"

# Its steps are makes of their own, which set up what they need.
release-check: ready ## check that what is committed can be released; takes hours  [STEP=dist,chroot,test-long]
	@$(call PYTHON_FOR,elftools) tools/release_check.py $(subst $(comma), ,$(STEP))

check: modules ## check formatting, spelling and scripts, build everything with -Werror, check sizes
	@$(TOP)/tools/check.sh
	@$(call PYTHON_FOR,elftools) bench/size.py --static $(SIZE_ARCHS)
	@$(call PYTHON_FOR,elftools) bench/stack.py --static $(SIZE_ARCHS)

format: ready ## format the sources, and write the documents' tables
	@$(TOP)/tools/check.sh --fix

clean: ## remove what was built
	rm -rf $(filter-out %/deps,$(wildcard build/*)) dist

distclean: ## remove what was fetched, too
	rm -rf build dist

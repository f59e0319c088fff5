# The front door. Every target first sets up what it needs (see tools/setup.sh) and leaves out
# what it does not: `make ARCH=armv7m` wants the ARM compiler only.

# Settings, all optional:
#   ARCH     which architecture to build (or several: ARCH='x64 x86')
#   CROSS    another compiler prefix for that ARCH
#   TARGET   one test target, or several with commas between them
#   MPY_DIR  a MicroPython source tree to use instead of the one that setup fetches
#   DIST     where make dist puts the release (dist)
#   PORT     the serial port of the board that make deploy is for; MODULE=msgpack and FORCE=1 go with it
#   V=1      show commands
override TOP := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
FETCHED := $(TOP)/build/deps/micropython
MPY_DIR ?= $(FETCHED)
override MPY_DIR := $(abspath $(MPY_DIR))
export MPY_DIR

CROSS_GIVEN := $(CROSS)
include $(TOP)/dynruntime/toolchain.mk
ifneq ($(CROSS_GIVEN),)
ifeq ($(ARCH),)
$(error CROSS=$(CROSS_GIVEN) goes with one ARCH; give ARCH=... too)
endif
endif

.DEFAULT_GOAL := $(if $(ARCH),all,help)
GOALS := $(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))
.PHONY: help all setup demo test test-long coverage fuzz bench size stack dist deploy check format clean distclean ready modules

# What a target needs (groups of tools/setup.sh) and the architectures whose files it runs.
TARGETS := unix-x64 unix-x86 mps2-an385 mps2-an385-notime mps2-an386 mps2-an500 virt-rv32 xtensawin xtensa \
	unix-x64-gil mps2-an385-samd21 next-unix-x64 next-unix-x86-reprc next-mps2-an385
# And those that take too long for every day.
TARGETS_LONG := unix-x86-reprc unix-x86-longlong unix-x86-smallint unix-x86-nanbox unix-x64-nofloat \
	unix-x64-nounicode unix-x64-pystack unix-x64-stackless
HOST_TARGETS := host cpython
# Another configuration of the unix port (unix-x64-gil) needs what the usual one does.
plain_target = $(patsubst unix-x86-%,unix-x86,$(patsubst unix-x64-%,unix-x64,$(patsubst next-%,%,$1)))
target_needs = $(if $(filter next-%,$1),next) $(target_needs_$(plain_target))
target_archs = $(target_archs_$(plain_target))
target_needs_unix-x64 := unix
target_archs_unix-x64 := x64
target_needs_unix-x86 := x86
target_archs_unix-x86 := x86
target_needs_mps2-an385 := arm qemu-arm test-python mpremote
target_archs_mps2-an385 := armv6m armv7m
target_needs_mps2-an385-notime := $(target_needs_mps2-an385)
target_archs_mps2-an385-notime := armv7m
target_needs_mps2-an385-samd21 := $(target_needs_mps2-an385)
target_archs_mps2-an385-samd21 := armv6m
target_needs_mps2-an386 := $(target_needs_mps2-an385)
target_archs_mps2-an386 := armv7emsp
target_needs_mps2-an500 := $(target_needs_mps2-an385)
target_archs_mps2-an500 := armv7emdp
target_needs_virt-rv32 := riscv qemu-riscv test-python mpremote
target_archs_virt-rv32 := rv32imc
target_needs_xtensawin := xtensa qemu-user test-python mpremote
target_archs_xtensawin := xtensawin
target_needs_xtensa := $(target_needs_xtensawin)
target_archs_xtensa := xtensa
target_needs_cpython := test-python
# The host runs the tests of the build and of the runner itself.
target_needs_host := $(sort javascript browser valgrind $(foreach t,$(TARGETS),$(target_needs_$t)))
target_archs_host = $(ARCHS)

# The compiler of an architecture; one that the user names is the user's business.
arch_needs = $(if $(CROSS_GIVEN),,$(arch_needs_$1))
arch_needs_x64 := x64
arch_needs_x86 := x86
arch_needs_armv6m := arm
arch_needs_armv7m := arm
arch_needs_armv7emsp := arm
arch_needs_armv7emdp := arm
arch_needs_rv32imc := riscv
arch_needs_rv64imc := riscv
arch_needs_xtensa := xtensa
# Espressif's own compiler will do, see dynruntime/toolchain.mk.
arch_needs_xtensawin := $(if $(filter xtensa-esp32%,$(CROSS_xtensawin)),,xtensa)

# TARGET=unix-x64,mps2-an385/armv6m names a board twice over: with a comma, with an architecture.
comma := ,
empty :=
space := $(empty) $(empty)
NAMED := $(sort $(foreach t,$(subst $(comma), ,$(TARGET)),$(firstword $(subst /, ,$t))))
UNKNOWN := $(filter-out $(TARGETS) $(TARGETS_LONG) $(HOST_TARGETS),$(NAMED))
ifneq ($(UNKNOWN),)
$(error unknown TARGET '$(UNKNOWN)'; known are: $(TARGETS) $(TARGETS_LONG) $(HOST_TARGETS))
endif
DIST ?= dist
DEMO_TARGET := $(or $(TARGET),unix-x64)
TEST := $(filter test test-long interpreter,$(GOALS))
TEST_ALL := $(subst $(space),$(comma),$(strip $(TARGETS) $(if $(filter test-long,$(GOALS)),$(TARGETS_LONG))))
ifeq ($(TEST),)
NAMED := $(or $(NAMED),$(if $(filter demo,$(GOALS)),$(DEMO_TARGET)))
endif
# What the goals that measure run on: make size has one board for each architecture.
targets_bench := mps2-an385 unix-x64
targets_size := $(foreach t,$(filter-out next-% %-notime %-samd21 %-gil,$(TARGETS)),$\
	$(if $(ARCH),$(if $(filter $(ARCH),$(target_archs_$t)),$t),$t))
targets_stack := mps2-an385
targets_coverage := mps2-an385
MEASURE := $(filter bench size stack coverage,$(GOALS))
ifneq ($(MEASURE),)
NAMED := $(or $(NAMED),$(sort $(foreach g,$(MEASURE),$(targets_$g))))
MEASURABLE := $(foreach g,$(MEASURE),$(targets_$g))
ifneq ($(filter-out $(MEASURABLE),$(NAMED)),)
$(error make $(MEASURE) measures on $(MEASURABLE) only)
endif
endif

# Goals that build every architecture, unless told which.
EVERYTHING := $(filter all setup check dist test-long $(if $(TARGET),,size),$(GOALS)) $(if $(NAMED),,$(filter test interpreter,$(GOALS)))
WANTED := $(or $(ARCH),$(sort $(if $(strip $(EVERYTHING)),$(ARCHS)) $\
	$(foreach t,$(NAMED),$(call target_archs,$t))))
WANTED := $(foreach a,$(ARCHS),$(filter $a,$(WANTED)))

# Those run the tests of this machine as well.
EVERYWHERE := $(if $(filter setup test test-long,$(GOALS)),$(HOST_TARGETS))
RUN := $(filter setup demo interpreter test test-long bench size stack coverage,$(GOALS))
NEEDS := python $(if $(filter $(FETCHED),$(MPY_DIR)),micropython) $\
	$(foreach a,$(WANTED),$(call arch_needs,$a)) $\
	$(if $(RUN),$(foreach t,$(or $(NAMED),$(TARGETS) $(EVERYWHERE)),$(call target_needs,$t))) $\
	$(if $(MEASURE)$(filter setup test test-long interpreter,$(GOALS)),test-python) $\
	$(if $(filter bench,$(GOALS)),valgrind) $\
	$(if $(filter coverage,$(GOALS)),$(target_needs_unix-x64) $(target_needs_unix-x86)) $\
	$(if $(filter setup fuzz,$(GOALS)),x64 x86 fuzz) $\
	$(if $(filter setup deploy,$(GOALS)),serial mpremote) $\
	$(if $(filter setup check format,$(GOALS)),check)

# Sub-makes use all processors, unless this make was told how many.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))
SUBMAKE = +@$(MAKE) --no-print-directory
PYTHON_FOR = $$($(TOP)/tools/find-python.sh $1)

help:
	@echo "mpy-natmods: native modules for stock MicroPython"
	@echo
	@echo "make demo       run the examples on stock MicroPython  [TARGET=$(firstword $(TARGETS))]"
	@echo "make test       run all tests on all targets           [TARGET=...]"
	@echo "make test-long  the same with what takes too long for every day"
	@echo "make coverage   which lines of C the tests run, and which they do not"
	@echo "make fuzz       fuzz msgpack  [TIME=600] [FUZZ=decoder,streams,unpacker,encoder] [BITS=64,32] [RECORD=1]"
	@echo "make bench      count instructions and heap bytes      [OP=packb,loads] [DOC=a,d]"
	@echo "make size       sizes of files and in RAM, and what the budget allows  [ARCH=...]"
	@echo "make stack      C stack that the functions take on Cortex-M, and what the budget allows"
	@echo "make all        build the modules for every architecture, into build/<arch>/"
	@echo "make ARCH=...   build the modules for one architecture"
	@echo "make setup      install and fetch all that the others need (they do it too)"
	@echo "make deploy     put the modules on a board  [PORT=/dev/ttyACM0] [MODULE=...] [FORCE=1]"
	@echo "make dist       make dist/, a release of all that is built for every architecture"
	@echo "make check      check formatting, spelling and scripts, build everything with -Werror, check sizes"
	@echo "make format     format the sources"
	@echo "make clean      remove what was built"
	@echo "make distclean  remove what was fetched, too"
	@echo
	@echo "ARCH    one of $(ARCHS)"
	@echo "TARGET  one or more (a,b) of $(TARGETS) $(TARGETS_LONG)"
	@echo "MPY_DIR=/path/to/micropython uses that tree (v1.23 or later) instead of fetching one"

ready:
	@$(TOP)/tools/setup.sh $(sort $(NEEDS))
	@$(TOP)/tools/tree.sh check '$(MPY_DIR)' $(ARCH)

setup: ready
	@echo "Everything is there."

modules: ready
	$(SUBMAKE) $(JOBS) -f tools/modules.mk modules WANTED="$(WANTED)"

all: modules
	$(SUBMAKE) -f tools/modules.mk table WANTED="$(WANTED)"

# Not in the help: the runner names it when an interpreter is missing.
interpreter: modules
	$(SUBMAKE) $(JOBS) -f tests/boards/boards.mk interpreter \
		TARGET=$(if $(MEASURE),$(subst $(space),$(comma),$(NAMED)),$\
			$(if $(TEST),$(or $(TARGET),$(TEST_ALL)),$(DEMO_TARGET)))
.PHONY: interpreter

dist: modules
	$(SUBMAKE) -f tools/modules.mk dist WANTED="$(WANTED)" DIST="$(DIST)"

# It asks the board for its ARCH, and then makes that.
deploy: ready
	+@$(call PYTHON_FOR,json) tools/deploy.py $(if $(FORCE),--force) '$(PORT)' $(MODULE)

demo: interpreter
	@for program in $(filter-out %.check.py,$(wildcard examples/*.py)); do \
		for target in $(subst $(comma), ,$(DEMO_TARGET)); do \
			echo; echo "== $$program on $$target"; \
			$(call PYTHON_FOR,elftools) tests/run.py --program $$program --target $$target || exit; \
		done; \
	done

test: interpreter
	@$(call PYTHON_FOR,elftools) tests/run.py $(if $(TARGET),--target $(TARGET))

test-long: interpreter
	@TEST_LONG=1 $(call PYTHON_FOR,elftools) tests/run.py $(if $(TARGET),--target $(TARGET))

coverage: interpreter
	@$(call PYTHON_FOR,elftools serial msgpack) tests/host/_coverage.py

fuzz: ready
	@$(call PYTHON_FOR,json) tests/host/fuzz/run.py $(if $(TIME),--time $(TIME)) $(if $(FUZZ),--targets $(FUZZ)) \
		$(if $(BITS),--bits $(BITS)) $(if $(RECORD),--record)

include bench/bench.mk

check: modules
	@$(TOP)/tools/check.sh
	@$(call PYTHON_FOR,elftools) bench/size.py --static $(SIZE_ARCHS)
	@$(call PYTHON_FOR,elftools) bench/stack.py --static $(SIZE_ARCHS)

format: ready
	@$(TOP)/tools/check.sh --fix

clean:
	rm -rf $(filter-out %/deps,$(wildcard build/*)) dist

distclean:
	rm -rf build dist

# SPDX-License-Identifier: MIT
# Builds every module for every architecture in WANTED, by way of the modules' own Makefiles.
# Called by the top Makefile, in the top folder, when everything needed is there.

MODULES := $(shell $$(tools/find-python.sh json) tools/natmods.py)
KNOWN := $(shell tools/tree.sh archs $(MPY_DIR) $(WANTED))
SKIPPED := $(filter-out $(KNOWN),$(WANTED))

.PHONY: modules table dist
modules: $(foreach a,$(KNOWN),$(foreach m,$(MODULES),$a/$m))

ifneq ($(SKIPPED),)
reason = $(shell tools/tree.sh lacks $(MPY_DIR) $1)
ifeq ($(KNOWN),)
$(error $(foreach a,$(SKIPPED),$(call reason,$a)))
endif
ifeq ($(MAKECMDGOALS),modules)
$(foreach a,$(SKIPPED),$(info skipping $(call reason,$a)))
endif
endif

# Two compilers can make these files; which it was must be known.
include dynruntime/toolchain.mk
ifeq ($(MAKECMDGOALS),modules)
$(if $(filter xtensawin,$(KNOWN)),$(info xtensawin: compiled by $(or $(CROSS),$(CROSS_xtensawin))gcc))
endif

# Prints the sizes of the built files. (A separate make runs this after the modules.)
table:
	@$$(tools/find-python.sh elftools) tools/mpyinfo.py $(foreach a,$(KNOWN),build/$a/*.mpy)

# Makes a release of the built files. (A separate make runs this, too.)
dist:
	@$$(tools/find-python.sh json) tools/dist.py build $(DIST) $(KNOWN)

define rule
.PHONY: $1/$2
$1/$2:
	+@$$(MAKE) --no-print-directory -C natmod/$2 ARCH=$1
endef
$(foreach a,$(KNOWN),$(foreach m,$(MODULES),$(eval $(call rule,$a,$m))))

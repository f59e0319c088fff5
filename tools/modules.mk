# SPDX-License-Identifier: MIT
# Builds every module for every architecture in WANTED, by way of the modules' own Makefiles.
# Called by the top Makefile, in the top folder, when everything needed is there.

MODULES := $(shell $$(tools/find-python.sh json) tools/natmods.py)
SMALL := $(shell $$(tools/find-python.sh json) tools/natmods.py small)
KNOWN := $(shell tools/tree.sh archs $(MPY_DIR) $(WANTED))
SKIPPED := $(filter-out $(KNOWN),$(WANTED))

# Modules that can be executed in place, and where.
IN_PLACE := $(shell $$(tools/find-python.sh json) tools/natmods.py in_place)
IN_PLACE_KNOWN := $(filter armv%,$(KNOWN))

.PHONY: modules table dist
modules: $(foreach a,$(KNOWN),$(MODULES:%=$a/%) $(SMALL:%=$a/%/small)) $(foreach a,$(IN_PLACE_KNOWN),$(IN_PLACE:%=$a/%/in_place))

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
	@$$(tools/find-python.sh elftools) tools/mpyinfo.py $(foreach a,$(KNOWN),build/$a/*.mpy $(SMALL:%=build/small/$a/%.mpy))

# Makes a release of the built files. (A separate make runs this, too.)
dist:
	@$$(tools/find-python.sh json) tools/dist.py --url '$(URL)' build $(DIST) $(KNOWN)

define rule
.PHONY: $1/$2
$1/$2:
	+@$$(MAKE) --no-print-directory -C natmod/$2 ARCH=$1
endef
$(foreach a,$(KNOWN),$(foreach m,$(MODULES),$(eval $(call rule,$a,$m))))

# The small flavour, and beside it the full one under the name by which the small one imports it: a
# .mpy file has the name of its file.
define small_rule
.PHONY: $1/$2/small
$1/$2/small: $1/$2
	+@$$(MAKE) --no-print-directory -C natmod/$2/small ARCH=$1
	@cmp -s build/$1/$2.mpy build/small/$1/$2_full.mpy || cp build/$1/$2.mpy build/small/$1/$2_full.mpy
endef
$(foreach a,$(KNOWN),$(foreach m,$(SMALL),$(eval $(call small_rule,$a,$m))))

define in_place_rule
.PHONY: $1/$2/in_place
$1/$2/in_place:
	+@$$(MAKE) --no-print-directory -C natmod/$2/small -f in_place.mk ARCH=$1
endef
$(foreach a,$(IN_PLACE_KNOWN),$(foreach m,$(IN_PLACE),$(eval $(call in_place_rule,$a,$m))))

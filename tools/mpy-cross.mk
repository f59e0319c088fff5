# SPDX-License-Identifier: MIT
# The compiler of bytecode, $(COMPILER), out of the tree MPY_DIR into the folder BUILD.

COMPILER = $(BUILD)/mpy-cross/mpy-cross

# The command line of the make that includes this is not meant for MicroPython's makefiles.
MAKEOVERRIDES :=
unexport MPY_DIR BUILD COMPILER CROSS ARCH TARGET V

.PHONY: FORCE
FORCE:

# Made again only if it has changed; the tests make it here, too. A first build that was killed may have
# left half a file, which make would take for a whole one.
$(COMPILER): FORCE
	$(Q)[ -e $@ ] || rm -rf $(BUILD)/mpy-cross
	$(Q)mkdir -p $(BUILD)/mpy-cross
	+$(Q)$(MAKE) -C $(MPY_DIR)/mpy-cross BUILD=$(BUILD)/mpy-cross > $(BUILD)/mpy-cross.log 2>&1 || \
		{ tail -30 $(BUILD)/mpy-cross.log >&2; exit 1; }

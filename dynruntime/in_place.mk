# SPDX-License-Identifier: MIT
# The rules for a module that is executed in place, see in_place.h: toolkit.mk includes this if IN_PLACE
# is "yes". Results: $(BUILD_DIR)/$(ARCH)/$(MOD).blk, the block, and $(MOD).mpy, which finds it.

ifeq ($(TABLE_REGISTER_$(ARCH))$(filter armv%,$(ARCH)),)
$(error IN_PLACE: not for ARCH=$(ARCH))
endif
# Registers, see in_place.h. GCC rarely uses r8 to r11 for armv6m.
BACK = $(if $(filter armv6m,$(ARCH)),8,11)
VENEER = $(if $(filter armv6m,$(ARCH)),9,10)
VENEER_IP = $(if $(filter armv6m,$(ARCH)),10)

BLOCK = $(OUT)/$(MOD).blk
IN_PLACE_H = $(BUILD)/in_place.h
GATE_FLAGS = -ffixed-r$(BACK) -ffixed-r$(VENEER) -DNATMOD_BACK_REGISTER='"r$(BACK)"' -DNATMOD_VENEER_REGISTER='"r$(VENEER)"' \
	$(VENEER_IP:%=-ffixed-r%) $(VENEER_IP:%=-DNATMOD_IP_REGISTER='"r%"')
# Jumps to the firmware by another register than r3 are an error in veneer.s. For armv6m GCC makes none.
NO_JUMPS = $(if $(VENEER_IP),,-fno-optimize-sibling-calls)
# The macros of veneer.s have no other way to know them.
SYMBOLS = -Wa,--defsym,NATMOD_VENEER=$(VENEER) $(VENEER_IP:%=-Wa,--defsym,NATMOD_VENEER_IP=%)

$(BUILD)/block.o: $(BUILD)/whole.c $(CONFIG_H) $(BUILD)/flags $(TOOLKIT)/veneer.s
	$(Q)echo "CC    $(ARCH) $(MOD).blk"
	$(Q)$(CC) $(CFLAGS) $(GATE_FLAGS) $(NO_JUMPS) -DNATMOD_BLOCK $(SYMBOLS) -Wa,$(TOOLKIT)/veneer.s -MD -MP -o $@ -c $<

$(BUILD)/block.elf: $(BUILD)/block.o $(TOOLKIT)/in_place.ld
	$(Q)$(CROSS)ld -T $(TOOLKIT)/in_place.ld -e 0 -o $@ $<

$(IN_PLACE_H): $(BUILD)/block.elf $(TOOLKIT)/in_place.py
	$(Q)mkdir -p $(OUT)
	$(Q)$(PYTHON) $(TOOLKIT)/in_place.py $(ARCH) $(NATMOD_VERSION) '$(FLAVOUR)' $< $(BLOCK) $@

# A function of the block is here only for its name.
$(BUILD)/whole.o: $(IN_PLACE_H)
$(BUILD)/whole.o: private CFLAGS += $(GATE_FLAGS) -DNATMOD_STUB -DNATMOD_MODULE='"$(MOD)"' -include $(IN_PLACE_H) -Wno-unused-function

all: $(BLOCK)
$(BLOCK): $(IN_PLACE_H)
-include $(BUILD)/block.d

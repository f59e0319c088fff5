# SPDX-License-Identifier: MIT
# What the Cortex-M boards share: the ARM MPS2 machines of QEMU.

QEMU_ARCH = arm
CFLAGS += -DQEMU_SOC_MPS2 -mthumb

LDSCRIPT = $(SUPPORT)/mps2.ld
SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb2.o

MICROPY_VFS_FAT = 1

include $(SUPPORT)/board.mk

# SPDX-License-Identifier: MIT
# Cortex-M4 with a single precision FPU: runs armv7emsp files.

SUPPORT = $(BOARD_DIR)/../support
QEMU_MACHINE = mps2-an386

CFLAGS += -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M4F"'

include $(SUPPORT)/mps2.mk

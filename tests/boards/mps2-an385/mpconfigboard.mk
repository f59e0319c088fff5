# SPDX-License-Identifier: MIT
# Cortex-M3, no FPU: runs armv7m and armv6m files.

SUPPORT = $(BOARD_DIR)/../support
QEMU_MACHINE = mps2-an385

CFLAGS += -mcpu=cortex-m3 -mfloat-abi=soft
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M3"'

# As the Cortex-M0+ boards that have no other filesystem.
MICROPY_VFS_LFS1 = 1

include $(SUPPORT)/mps2.mk

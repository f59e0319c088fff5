# SPDX-License-Identifier: MIT
# What a SAMD21 board with an external flash chip has, on the Cortex-M3 board: code for ARMv6-M,
# which loads armv6m files only, the feature level "basic" with what ports/samd adds to it, and
# LittleFS 1 as the only filesystem.

SUPPORT = $(BOARD_DIR)/../support
QEMU_MACHINE = mps2-an385

CFLAGS += -mcpu=cortex-m0plus -mfloat-abi=soft
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M0+"'
CFLAGS += -I$(BOARD_DIR) -DBOARD_CONFIG='"boardsamd21.h"'

include $(SUPPORT)/mps2.mk

SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb1.o

MICROPY_VFS_LFS1 = 1
MICROPY_VFS_LFS2 = 0
MICROPY_VFS_FAT = 0
CFLAGS += -DFFCONF_H='"lib/oofatfs/ffconf.h"'

# SPDX-License-Identifier: MIT
# RISC-V RV32IMAC on QEMU's virt machine: runs rv32imc files.

SUPPORT = $(BOARD_DIR)/../support
QEMU_ARCH = riscv32
QEMU_MACHINE = virt

# The multilibs of GCC 12 in Debian 12 do not match the name that newer compilers want, with
# _zicsr; under the older ISA specification the CSR instructions are part of the base.
RV32_ARCH = rv32imac
CFLAGS += -misa-spec=2.2
AFLAGS += -misa-spec=2.2

CFLAGS += -DQEMU_SOC_VIRT
CFLAGS += -DMICROPY_HW_MCU_NAME='"$(RV32_ARCH)"'
# Without FAT the configuration header of the FAT driver is not found through the port.
CFLAGS += -DFFCONF_H='"lib/oofatfs/ffconf.h"'

LDSCRIPT = mcu/rv32/virt.ld
SRC_BOARD_O += shared/runtime/gchelper_native.o shared/runtime/gchelper_rv32i.o

include $(SUPPORT)/board.mk

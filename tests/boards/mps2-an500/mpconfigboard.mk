# SPDX-License-Identifier: MIT
# Cortex-M7 with a double precision FPU: runs armv7emdp files. Python's floats are doubles, as on
# the STM32 boards with such an FPU.

SUPPORT = $(BOARD_DIR)/../support
QEMU_MACHINE = mps2-an500

CFLAGS += -mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M7"'
CFLAGS += -DBOARD_FLOAT_IMPL=MICROPY_FLOAT_IMPL_DOUBLE
# The newest port brings the functions for the floats that it is told.
MICROPY_FLOAT_IMPL = double
ifeq ($(shell grep MICROPY_FLOAT_IMPL Makefile),)
LIB_SRC_C += $(SRC_LIB_LIBM_DBL_C) $(SRC_LIB_LIBM_DBL_SQRT_SW_C)
endif

include $(SUPPORT)/mps2.mk

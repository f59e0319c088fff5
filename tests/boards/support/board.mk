# SPDX-License-Identifier: MIT
# What all our QEMU boards share. Included by each board's mpconfigboard.mk, with SUPPORT set to
# this folder.

# The default manifest needs micropython-lib and mpy-cross.
FROZEN_MANIFEST =

# Room for documents nested 1024 deep and for stress tests. More would slow down the tests that
# collect at every allocation.
MICROPY_HEAP_SIZE ?= 1048576

# Real boards have a filesystem; see usermod/board/storage.c.
MICROPY_VFS_LFS2 = 1
USER_C_MODULES = $(SUPPORT)/usermod
SRC_C += shared/timeutils/timeutils.c

CFLAGS += -I$(SUPPORT) -DMP_CONFIGFILE='"boardconfig.h"'

# What usermod/board/ has in place of functions of the port: those get names with port_. (The linker
# could do it, too, but some versions of the port call it themselves, others have GCC do so. The
# functions for time are there from v1.27 on, over an interrupt, and run no scheduler.)
$(BUILD)/main.o: private CFLAGS += -Dmain=port_main
$(BUILD)/uart.o: private CFLAGS += -Duart_rx_chr=port_uart_rx_chr
$(BUILD)/mphalport.o: private CFLAGS += $(foreach f,$\
	ticks_ms ticks_us ticks_cpu time_ns delay_ms delay_us,-Dmp_hal_$f=port_mp_hal_$f)

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

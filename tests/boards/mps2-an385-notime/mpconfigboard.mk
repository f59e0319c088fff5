# SPDX-License-Identifier: MIT
# The Cortex-M3 board without a time module: the modules must import and work there too.

SUPPORT = $(BOARD_DIR)/../support

CFLAGS += -DBOARD_HAS_TIME=0

include $(BOARD_DIR)/../mps2-an385/mpconfigboard.mk

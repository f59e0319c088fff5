# SPDX-License-Identifier: MIT
# Our part of the firmware of each QEMU board.

SRC_USERMOD_C += $(addprefix $(USERMOD_DIR)/,clock.c sleep.c start.c storage.c)

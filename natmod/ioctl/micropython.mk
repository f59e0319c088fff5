# SPDX-License-Identifier: MIT
include $(USERMOD_DIR)/../../dynruntime/usermod.mk

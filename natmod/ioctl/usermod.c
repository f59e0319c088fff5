// SPDX-License-Identifier: MIT
// ioctl as a user C module; see docs/usermod.md.

#include "usermod.h"

#include "module.c"

MP_REGISTER_ROOT_POINTER(void *natmod_ioctl_root);

NATMOD_USERMOD_DEFINE(ioctl, 16)

MP_REGISTER_MODULE(MP_QSTR_ioctl, natmod_ioctl_module);

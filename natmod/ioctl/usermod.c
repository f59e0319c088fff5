// SPDX-License-Identifier: MIT
// ioctl as a user C module; see docs/usermod.md.

#include "usermod.h"

#include "module.c"

MP_REGISTER_ROOT_POINTER(mp_map_elem_t natmod_ioctl_names[16]);

NATMOD_USERMOD_DEFINE(ioctl)

MP_REGISTER_MODULE(MP_QSTR_ioctl, natmod_ioctl_module);

// SPDX-License-Identifier: MIT
// finaliserproxy as a user C module; see docs/usermod.md.

#include "usermod.h"

#include "module.c"
#include "calls.c"
#include "block.c"
#include "source.c"
#include "image.c"
#include "proxy.c"
#include "finalize.c"
#include "mutex.c"
#include "root.c"

MP_REGISTER_ROOT_POINTER(void *natmod_finaliserproxy_root);

NATMOD_USERMOD_DEFINE(finaliserproxy, 32)

MP_REGISTER_MODULE(MP_QSTR_finaliserproxy, natmod_finaliserproxy_module);

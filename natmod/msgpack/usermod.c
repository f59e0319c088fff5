// SPDX-License-Identifier: MIT
// msgpack as a user C module; see docs/usermod.md.

#include "usermod.h"

#include "module.c"
#include "encoder.c"
#include "decoder.c"
#include "packer.c"
#include "unpacker.c"
#include "ext.c"
#include "timestamp.c"
#include "number.c"
#include "object.c"
#include "options.c"

MP_REGISTER_ROOT_POINTER(void *natmod_msgpack_root);

NATMOD_USERMOD_DEFINE(msgpack, 64)

MP_REGISTER_MODULE(MP_QSTR_msgpack, natmod_msgpack_module);

// msgpack as a user C module; see docs/usermod.md.

#include "usermod.h"

MP_REGISTER_ROOT_POINTER(mp_map_elem_t natmod_msgpack_names[64]);

NATMOD_USERMOD_DEFINE(msgpack)

MP_REGISTER_MODULE(MP_QSTR_msgpack, natmod_msgpack_module);

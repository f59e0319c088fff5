// SPDX-License-Identifier: MIT
// What is imported where the code cannot be executed in place.

#include "small.h"

#ifdef NATMOD_STUB
mp_obj_t natmod_in_place_instead(void) {
    return natmod_import_maybe(MP_QSTR_msgpack_small, MP_QSTR___dict__);
}
#endif

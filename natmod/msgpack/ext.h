// SPDX-License-Identifier: MIT
// ExtType: a pair of type code and data.
#ifndef MSGPACK_EXT_H
#define MSGPACK_EXT_H

#include "msgpack.h"

// Same layout as a tuple of the code and the data, and as a namedtuple but for the type.
typedef struct _ext_t {
    mp_obj_base_t base;
    size_t len; // 2
    mp_obj_t code;
    mp_obj_t data;
} ext_t;

// Whether the module, under the name msgpack_full, adds to the small flavour.
bool adds_to_small(void);

void ext_init(state_t *st);
mp_obj_t ext_new(state_t *st, int8_t code, mp_obj_t data);

#endif // MSGPACK_EXT_H

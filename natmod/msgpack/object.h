// SPDX-License-Identifier: MIT
// Strings made without the interpreter's help.
#ifndef MSGPACK_OBJECT_H
#define MSGPACK_OBJECT_H

#include "msgpack.h"

// A block of len + 1 bytes that ends in a zero byte.
byte *payload_new(size_t len);

// A str or bytes object over such a block.
mp_obj_t payload_to_obj(const mp_obj_type_t *type, byte *payload, size_t len);

// A bytes object with a copy of the data.
mp_obj_t bytes_new(state_t *st, const byte *data, size_t len);

// Whether len bytes are UTF-8 as RFC 3629 has it.
bool utf8_is_valid(const byte *p, size_t len);

enum {
    KEY_NESTING = 8, // Tuples nested in the key of a map.
};

// Raise ValueError if the key of a map has more nested tuples than levels. The firmware hashes and
// compares tuples by recursion, without a check of the C stack. What it takes for KEY_NESTING levels is
// less than natmod_check_stack makes sure of. Of a Python class derived from tuple, an object takes twice
// the stack, and counts as two.
void check_nesting(state_t *st, mp_obj_t obj, int levels);

#endif // MSGPACK_OBJECT_H

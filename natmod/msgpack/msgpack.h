// SPDX-License-Identifier: MIT
// The state of the module, and what all its sources share.
#ifndef MSGPACK_MSGPACK_H
#define MSGPACK_MSGPACK_H

#include "toolkit.h"
#include "stream.h"
#include "options.h"

enum {
    MAX_DEPTH = 1024, // Nested containers, either way.
    INLINE_DEPTH = 16, // Nested containers that need no heap.
};

struct _state_t {
    natmod_t nm;
    bool big_ints; // Whether the firmware's integers may have more than 64 bits,
    bool double_floats; // and whether its floats are doubles.
    uint8_t float_words; // Offset of the value in a float object, in words; 0 if unknown.

    // Builtin types, fetched once: a program may rebind their names.
    const mp_obj_type_t *str_type;
    mp_int_t (*str_buffer)(mp_obj_t obj, mp_buffer_info_t *buf, mp_uint_t flags); // Its buffer slot.
    const mp_obj_type_t *list_type;
    const mp_obj_type_t *int_type;
    const mp_obj_type_t *float_type; // NULL on a firmware without floats.
    const mp_obj_type_t *bytes_type;
    const mp_obj_type_t *memoryview_type;
    const mp_obj_type_t *tuple_type;
    const mp_obj_type_t *dict_type;
    const void *array_buffer; // The buffer slot of bytearray, memoryview and array.array.
    const mp_obj_type_t *ValueError;
    const mp_obj_type_t *OverflowError;
    const mp_obj_type_t *RuntimeError;
    const mp_obj_type_t *UnicodeError; // ValueError on a firmware without it.

    // The module's own.
    const mp_obj_type_t *ext_type;
    const mp_obj_type_t *timestamp_type;
    const mp_obj_type_t *packer_type;
    const mp_obj_type_t *unpacker_type;
    const mp_obj_type_t *BufferFull;
    const mp_obj_type_t *ExtraData;
    const mp_obj_type_t *FormatError;
    const mp_obj_type_t *OutOfData;
    const mp_obj_type_t *StackError;

    mp_obj_t eof_error; // An instance; see natmod_streams_t.
    mp_obj_t empty_bytes;
    mp_obj_t empty_str;
    mp_obj_t int64_min; // Of the integers that the format has, as far as the firmware has them;
    mp_obj_t uint64_max; // null where it has only small ints.
    pack_options_t pack_defaults; // Those of a call without keywords.
    unpack_options_t unpack_defaults;
    natmod_streams_t streams;
    mp_obj_t kw[KW_END]; // The names.
};

#endif // MSGPACK_MSGPACK_H

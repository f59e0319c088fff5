// SPDX-License-Identifier: MIT
// Timestamp: seconds since 1970 and nanoseconds, and the ext type -1 that carries them.
#ifndef MSGPACK_TIMESTAMP_H
#define MSGPACK_TIMESTAMP_H

#include "msgpack.h"

typedef struct _timestamp_t {
    mp_obj_base_t base;
    mp_obj_t seconds; // An int.
    uint32_t nanoseconds;
} timestamp_t;

// What a timestamp is unpacked to, by the number that the option timestamp has.
enum {
    TIMESTAMP_OBJECT, // A Timestamp.
    TIMESTAMP_FLOAT, // Seconds.
    TIMESTAMP_INT, // Nanoseconds.
    TIMESTAMP_DATETIME, // Which MicroPython lacks.
};

enum {
    TIMESTAMP_MAX = 12, // Bytes in the payload of its longest form.
};

void timestamp_init(state_t *st);

// The value of a timestamp's payload: by mode a Timestamp, a float of seconds or an int of
// nanoseconds. Raises ValueError if it is malformed.
mp_obj_t timestamp_from_payload(state_t *st, const byte *payload, size_t len, unsigned int mode);

// Write the payload, in the shortest form, and return its length.
size_t timestamp_to_payload(state_t *st, const timestamp_t *self, byte *payload);

#endif // MSGPACK_TIMESTAMP_H

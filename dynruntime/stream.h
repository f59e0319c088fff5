// SPDX-License-Identifier: MIT
// Reading from and writing to whatever a program calls a stream.
//
// Native streams and Python classes derived from io.IOBase are reached through MicroPython's
// stream protocol, which allocates nothing; any other object through its methods. The part of
// MicroPython's py/stream.c that would do some of this is not in the function table.
#ifndef NATMOD_STREAM_H
#define NATMOD_STREAM_H

#include "toolkit.h"

// What streams need, fetched once while the module is imported.
typedef struct _natmod_streams_t {
    natmod_t *nm;
    const mp_obj_type_t *iobase; // io.IOBase, or NULL on a firmware without it.
    const mp_obj_type_t *bytearray;
    const mp_obj_type_t *OSError;
    const mp_obj_type_t *AttributeError;
    mp_obj_t seek; // The firmware's seek method of streams; OSError if it cannot be found.
    bool wide_offset; // The firmware's mp_off_t has 64 bits.
    mp_obj_t sleep_ms; // Functions of the time module, or MP_OBJ_NULL without one.
    mp_obj_t ticks_ms;
    mp_obj_t ticks_diff;
    mp_obj_t eagain_number;
    mp_obj_t eagain; // Instances, since with the heap locked a new OSError has no number.
    mp_obj_t etimedout;
} natmod_streams_t;

// An open stream, for one direction.
typedef struct _natmod_stream_t {
    const natmod_streams_t *env;
    const mp_stream_p_t *protocol; // NULL when the method is to be called.
    mp_obj_t method[2]; // The method and the object; with a protocol only the object.
    bool into; // The method is readinto, not read.
    bool is_python; // Python code does the work.
    bool running; // Set while the stream's own code runs: an exception then is the stream's.
} natmod_stream_t;

// A wait for a stream that would block; zeroed at its start.
typedef struct _natmod_wait_t {
    bool started;
    mp_obj_t start;
} natmod_wait_t;

enum {
    NATMOD_STREAM_EOF = 0,
    NATMOD_STREAM_BLOCKS = -1,
    NATMOD_STREAM_POSITION = 0x3fffffff, // The bits of a position that are told.
};

void natmod_streams_init(natmod_streams_t *env, natmod_t *nm);

// Raises TypeError if obj is no stream for that direction.
void natmod_stream_open(natmod_stream_t *stream, const natmod_streams_t *env, mp_obj_t obj,
    bool for_writing);

// Read up to len bytes, at least 1: their number, or one of the constants above.
mp_int_t natmod_stream_read(natmod_stream_t *stream, void *data, size_t len);

// Whether it is a native stream with the firmware's seek method. That may still refuse.
bool natmod_stream_has_seek(const natmod_stream_t *stream);

// Move the position of such a stream by an offset. Returns the lowest bits of the new position, or an
// error number, negative.
mp_int_t natmod_stream_move(natmod_stream_t *stream, mp_int_t offset);

// Write some of the len bytes: their number, or NATMOD_STREAM_BLOCKS.
mp_int_t natmod_stream_write(natmod_stream_t *stream, const void *data, size_t len);

// Sleep for a moment; false once limit milliseconds have passed since the wait's first call (at
// once if limit is 0 or there is no clock, never if it is -1).
bool natmod_stream_wait(const natmod_streams_t *env, natmod_wait_t *wait, mp_int_t limit);

// Raise an exception that was made beforehand.
MP_NORETURN void natmod_raise_instance(mp_obj_t exception);

#endif // NATMOD_STREAM_H

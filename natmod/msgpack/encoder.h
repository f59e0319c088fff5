// SPDX-License-Identifier: MIT
// The encoder: objects -> bytes.
#ifndef MSGPACK_ENCODER_H
#define MSGPACK_ENCODER_H

#include "msgpack.h"

enum {
    PACK_BUFFER = 256, // Bytes of a message that are collected on the C stack.
    HEADER_SPACE = 16, // Bytes that suffice for any header, and for a timestamp with its payload.
};

// Where the bytes go decides what happens when the memory for them is full.
enum {
    SINK_MEMORY, // It grows.
    SINK_STREAM, // It is written to a stream.
    SINK_BUFFER, // It is copied to a buffer of the caller's.
};

// The bytes written are from start to cur; the memory ends at end.
typedef struct _encoder_t {
    state_t *st;
    byte *start;
    byte *cur;
    byte *end;
    uint8_t sink;
    bool on_heap; // The memory is a block on the heap.
    uint8_t outer_depth; // Containers around the object, for the limit of depth.
    natmod_stream_t *stream;
    natmod_wait_t wait; // For the stream.
    mp_obj_t buffer; // For SINK_BUFFER, with the offset of the next byte.
    size_t offset;
    const pack_options_t *opt;
} encoder_t;

// Initialise with size bytes of memory; the caller fills in the options and what the sink needs.
NATMOD_INLINE void encoder_init(encoder_t *enc, state_t *st, unsigned int sink, byte *memory, size_t size) {
    *enc = (encoder_t) { .st = st, .start = memory, .cur = memory, .end = memory + size, .sink = sink };
}

void encode(encoder_t *enc, mp_obj_t obj);
void encode_array_header(encoder_t *enc, size_t len);
void encode_map_header(encoder_t *enc, size_t len);
void encode_ext(encoder_t *enc, int8_t code, mp_obj_t data);

// Pass all bytes on to the stream or the buffer.
void encoder_flush(encoder_t *enc);

// The bytes written so far as an object; ends the use of the memory.
mp_obj_t encoder_take_bytes(encoder_t *enc);

#endif // MSGPACK_ENCODER_H

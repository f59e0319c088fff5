// SPDX-License-Identifier: MIT
// The decoder: bytes -> objects.
#ifndef MSGPACK_DECODER_H
#define MSGPACK_DECODER_H

#include "msgpack.h"

// An open container, or the frame around the outermost object.
typedef struct _decoder_frame_t {
    mp_obj_t obj; // The container so far.
    mp_obj_t key; // Of a map, the key whose value comes next; of a tuple, its capacity.
    uint32_t entries_left; // Elements or pairs whose header has not come yet.
    uint8_t kind;
    bool value_due; // Of a map, the header of a key has come, not that of its value.
} decoder_frame_t;

// Where the bytes come from decides what happens when there are not enough of them.
enum {
    SOURCE_WHOLE, // The buffer is all there is: the object is truncated.
    SOURCE_FED, // More may be fed later: stop, and continue then.
    SOURCE_STREAM, // Read more.
};

// How far a stream is read.
enum {
    AHEAD_OWED, // As far as the object is sure to go.
    AHEAD_TRY, // The same, and then farther if the stream turns out to know its position.
    AHEAD_FREE, // Farther: it has to seek back.
    AHEAD_BLOCK, // The same, and a block has been allocated, or there is no memory for one.
};

enum {
    KEYS = 16,
    KEY_MAX = 32, // Bytes of a key that is remembered.
    MISSES = 4, // Keys in a row that were not interned, before one in LOOK_EVERY is looked for.
    LOOK_EVERY = 16,
};

// The first 32 bytes and the first 31 words of a structure are reached by the short instructions of
// Thumb code, so small members come first and arrays last. The very first is one that decoder_init
// does not set: GCC would clear the rest from an odd address, which is slow.
typedef struct _decoder_t {
    bool hooked; // Comparing keys may run Python code, as a hook may have made one of them.
    uint8_t source;
    bool frames_on_heap;
    bool lost; // An error leaves the position undefined.
    uint8_t ahead; // An AHEAD_ constant, for a stream.
    uint8_t keys_used; // Number of keys remembered.
    uint8_t key_at; // Index of the one that followed the last key before.
    uint8_t misses; // Keys since the last one that was found interned.
    uint16_t depth;
    uint16_t capacity; // Of frames.
    state_t *st;
    const byte *p; // The bytes buffered, from p to end.
    const byte *end;
    const byte *base; // In the same memory: the first byte of the object that is still there.
    uint64_t gone; // Bytes of the object that came before it.
    uint64_t outer_owed; // Objects owed to all containers but the innermost one.
    uint32_t pending; // Bytes of the current object's payload that must still come.
    decoder_frame_t *frames; // Open containers.
    const unpack_options_t *opt;
    mp_obj_t buffer; // The object that p points into, to notice that a hook resizes it; or null.
    mp_obj_t result;
    // For SOURCE_STREAM:
    natmod_stream_t *stream;
    byte *read_ahead; // READ_AHEAD bytes.
    byte *block; // CHUNK bytes more than that, on the heap, in place of read_ahead; or NULL.
    uint32_t start; // The lowest bits of the object's position, unless ahead is AHEAD_OWED.
    mp_int_t wait; // Milliseconds to wait for the first byte; timeout is that for each other one.
    mp_int_t timeout;
    decoder_frame_t root; // Around the outermost object.
    mp_obj_t keys[KEYS]; // The latest keys of maps.
    uint32_t key_marks[KEYS]; // Their lengths, first byte and last two bytes.
} decoder_t;

enum {
    READ_AHEAD = 64,
    CHUNK = 256, // A power of two.
};

// Initialise; the caller fills in the options, the bytes and what the source needs.
void decoder_init(decoder_t *dec, state_t *st, unsigned int source, decoder_frame_t *frames, size_t n);

// Start with a new object.
void decoder_start(decoder_t *dec);

// Bytes of the object that have been taken. A skipped object may be larger than memory.
static inline uint64_t decoder_taken(const decoder_t *dec) {
    return dec->gone + (size_t)(dec->p - dec->base);
}

// Bytes of the object, and perhaps beyond it, that have come from a stream.
static inline size_t decoder_arrived(const decoder_t *dec) {
    return (size_t)dec->gone + (dec->end - dec->base);
}

// The bytes buffered have moved to p, without those that were taken.
static inline void decoder_move(decoder_t *dec, const byte *p, size_t len) {
    dec->gone = decoder_taken(dec);
    dec->base = dec->p = p;
    dec->end = p + len;
}

// Drop the open containers, so that nothing keeps them alive. What they are owed can then only be
// skipped.
void decoder_drop(decoder_t *dec);

// Decode until the object is complete (true; it is in dec->result) or bytes are missing (false,
// for sources other than streams). An exception leaves the decoder ready for decoder_skip,
// unless dec->lost is set.
bool decoder_run(decoder_t *dec);

// Skip what is still owed, without heap: true when the outermost object has been passed.
bool decoder_skip(decoder_t *dec);

// Raise the FormatError for the byte that is next, and set dec->lost.
MP_NORETURN void decoder_raise_format(decoder_t *dec);

// The length of the array or map that comes, whose header is taken, but not its elements; MP_OBJ_NULL
// if bytes are missing.
mp_obj_t decoder_header(decoder_t *dec, unsigned int kind);

// Decode one object from a stream. If that raises, skip the rest of the object first.
mp_obj_t decode_stream(decoder_t *dec);

#endif // MSGPACK_DECODER_H

// SPDX-License-Identifier: MIT
// A second reader of MessagePack, written from the specification and the module's documentation
// alone: plain recursion over a buffer that holds all bytes. It makes no objects. It computes a hash of
// each value; values.c computes the same hash of an object.
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The result of a call.
typedef enum {
    R_OK,
    R_MORE, // Bytes are missing: a result of the model's functions, and unpackb's ValueError.
    R_EXTRA,
    R_FORMAT,
    R_STACK,
    R_UNICODE,
    R_VALUE,
    R_TYPE,
    R_RUNTIME,
    R_OVERFLOW,
    R_MEMORY,
    R_EOF,
    R_OUT_OF_DATA,
    R_FULL,
    R_EAGAIN,
    R_ETIMEDOUT,
    R_EIO,
    R_OS_ERROR, // OSError with any other number.
    R_HOOK, // The exception that our hooks raise.
    R_STREAM, // The exception that our streams raise.
    R_INTERRUPT,
    R_OTHER, // An exception that is not documented.
} result_t;

const char *result_name(result_t result);

typedef struct _value_t {
    uint64_t is; // A hash that is equal only for the same value of the same type.
    uint64_t equals; // A hash that is equal for all values that are the same key in a dict.
    uint8_t flags;
    uint8_t nesting; // Levels of nested tuples, which an ExtType is, too; 0 for other objects.
} value_t;

enum {
    V_UNHASHABLE = 1,
    V_STR_OR_BYTES = 2,
    // A large int and a large float may or may not be the same key.
    V_LARGE_INT = 4,
    V_LARGE_FLOAT = 8,
};

value_t value_nil(void);
value_t value_bool(bool b);
value_t value_int(bool negative, uint64_t hi, uint64_t lo); // The magnitude has 128 bits.
value_t value_small(int64_t n);
value_t value_float(double d);
value_t value_str(const uint8_t *data, size_t len);
value_t value_bytes(const uint8_t *data, size_t len);
value_t value_ext(value_t code, value_t data);
value_t value_timestamp(value_t seconds, uint32_t nanoseconds);

// The value of a sequence: start it, then add each item in turn.
typedef enum { SEQ_LIST, SEQ_TUPLE } seq_t;
value_t value_seq_start(seq_t kind, size_t len);
void value_seq_add(value_t *seq, value_t item);
// The value of a dict takes the sum of value_pair over all pairs, because their order does not count.
uint64_t value_pair(value_t key, value_t value);
value_t value_dict(size_t len, uint64_t sum);

// What a hook does; each call takes the next operation from a script. The default hook cannot return
// what it was given: with HOOK_SAME packing fails, and with the operations after HOOK_RAISE it returns
// the number of the call.
typedef enum {
    HOOK_SAME, // Return the argument; of an ext, its data.
    HOOK_INT, // Return the number of the call.
    HOOK_TUPLE, // Return ().
    HOOK_LIST, // Return [].
    HOOK_RAISE,
    // These do something first, then return the same as HOOK_SAME.
    HOOK_COLLECT, // Run a collection.
    HOOK_NEST, // Call the module's functions.
    HOOK_GARBAGE, // Make garbage.
    HOOK_REENTER, // Use the Packer or Unpacker that is in use.
    // After one of these the model cannot predict the outcome.
    HOOK_UNSURE,
    HOOK_RESIZE = HOOK_UNSURE, // Resize the buffer that is being read.
    HOOK_WRITE, // Change bytes of that buffer.
    HOOK_KEY, // Return an object that resizes or changes the buffer when it is compared.
    HOOK_MUTATE, // Change the container that was given.
    HOOK_END,
} hook_t;

typedef struct _script_t {
    const uint8_t *ops; // SCRIPT bytes, one hook_t in each half.
    uint32_t calls; // Number of calls so far.
} script_t;

enum {
    SCRIPT = 4,
    KEY_NESTING = 8, // The limit of nested tuples in the key of a map.
    MAX_DEPTH = 1024, // The default limit of nested containers.
};

hook_t script_next(script_t *script);

typedef struct _reading_t {
    bool tuples;
    bool raw;
    bool strict_map_key;
    bool list_hook;
    bool ext_hook;
    bool object_hook;
    bool pairs_hook;
    uint8_t timestamp;
    uint32_t max_len[5]; // str, bin, ext, array, map
    uint16_t max_depth;
} reading_t;

typedef enum { FROM_BUFFER, FROM_PIECES, FROM_STREAM } source_t;

typedef struct _model_t {
    const uint8_t *data;
    size_t len;
    size_t pos;
    source_t source;
    const reading_t *options;
    script_t script;
    // Set by model_read:
    bool unsure; // The model cannot predict the outcome; the other fields mean nothing.
    bool lost; // The position is undefined after this error.
    result_t result;
    value_t value;
    unsigned int depth;
} model_t;

// Read the object at pos. If the result is R_OK, pos is the end of the object.
result_t model_read(model_t *m);

// Move pos to the end of the object: R_OK, R_MORE or R_FORMAT.
result_t model_skip(const uint8_t *data, size_t len, size_t *pos);

// Read the header of an array or a map: R_OK, R_MORE, or R_VALUE. If R_OK, n is its length, and pos is
// the end of the header.
result_t model_header(const uint8_t *data, size_t len, size_t *pos, bool map, uint32_t *n);

bool model_utf8(const uint8_t *data, size_t len);

#endif // FUZZ_MODEL_H

// SPDX-License-Identifier: MIT
// A second reader of MessagePack, written from the specification and the module's documentation
// alone: plain recursion over bytes that are all there. It makes no objects, but for each value a
// number that says what the value is; values.c makes the same number of an object.
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What may come of a call.
typedef enum {
    R_OK,
    R_MORE, // Bytes are missing: of unpackb and skip in the model, and unpackb's ValueError.
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
    R_OS_ERROR, // Any other number.
    R_HOOK, // What our hooks raise,
    R_STREAM, // and our streams.
    R_INTERRUPT,
    R_OTHER, // No such exception is documented.
} result_t;

const char *result_name(result_t result);

typedef struct _value_t {
    uint64_t is; // Equal for the same value of the same type only,
    uint64_t equals; // and for all that are one key in a dict.
    uint8_t flags;
    uint8_t nesting; // Of tuples, and of tuples in them: 1 and more. Of others: 0.
} value_t;

enum {
    V_UNHASHABLE = 1,
    V_STR_OR_BYTES = 2,
    V_LARGE_INT = 4, // Beyond these bounds an int and a float may or may not be the same key.
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

// Of sequences: start, add each in turn, end.
typedef enum { SEQ_LIST, SEQ_TUPLE } seq_t;
value_t value_seq_start(seq_t kind, size_t len);
void value_seq_add(value_t *seq, value_t item);
// Of dicts, whose order does not count: the sum of these over all pairs.
uint64_t value_pair(value_t key, value_t value);
value_t value_dict(size_t len, uint64_t sum);

// What hooks do; each call takes the next from a script. For default HOOK_SAME is in vain, and those
// behind HOOK_RAISE return the number of the call.
typedef enum {
    HOOK_SAME, // Return what was given, for an ext its data.
    HOOK_INT, // Return the number of the call.
    HOOK_TUPLE, // Return ().
    HOOK_LIST, // Return [].
    HOOK_RAISE,
    HOOK_COLLECT, // As HOOK_SAME, after a collection,
    HOOK_NEST, // calls of the module's functions,
    HOOK_GARBAGE, // making garbage,
    HOOK_REENTER, // or a use of the object that is in use.
    // After these the model does not know what comes.
    HOOK_UNSURE,
    HOOK_RESIZE = HOOK_UNSURE, // The buffer that is being read,
    HOOK_WRITE, // its bytes,
    HOOK_KEY, // an object whose comparison does that,
    HOOK_MUTATE, // the container that was given.
    HOOK_END,
} hook_t;

typedef struct _script_t {
    const uint8_t *ops; // SCRIPT bytes, one hook_t in each half.
    uint32_t calls; // So far.
} script_t;

enum {
    SCRIPT = 4,
    KEY_NESTING = 8, // Of tuples in the key of a map.
    MAX_DEPTH = 1024, // Of containers, where no option says less.
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
    // What came of it:
    bool unsure; // The rest says nothing.
    bool lost; // An error after which the position is undefined.
    result_t result;
    value_t value;
    unsigned int depth;
} model_t;

// Read the object at pos, which then is behind it if the result is R_OK.
result_t model_read(model_t *m);

// Where the object at pos ends: R_OK, R_MORE or R_FORMAT.
result_t model_skip(const uint8_t *data, size_t len, size_t *pos);

// The head of an array or a map: R_OK with its length and pos behind it, R_MORE, or R_VALUE.
result_t model_header(const uint8_t *data, size_t len, size_t *pos, bool map, uint32_t *n);

bool model_utf8(const uint8_t *data, size_t len);

#endif // FUZZ_MODEL_H

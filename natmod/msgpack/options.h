// SPDX-License-Identifier: MIT
// Arguments: the options of the functions and classes, and checks of others.
#ifndef MSGPACK_OPTIONS_H
#define MSGPACK_OPTIONS_H

#include "format.h"
#include "toolkit.h"

typedef struct _state_t state_t; // In msgpack.h.

// Keyword arguments. Each function takes a contiguous part of the list.
enum {
    KW_OFFSET, // Only pack_into has this.
    KW_DEFAULT, // Here those of pack begin,
    KW_USE_SINGLE_FLOAT,
    KW_STRICT_TYPES,
    KW_USE_BIN_TYPE,
    KW_PACK_UNICODE_ERRORS,
    KW_DATETIME,
    KW_AUTORESET, // Packer has two more,
    KW_BUF_SIZE,
    KW_FILE_LIKE, // here those of Unpacker,
    KW_READ_SIZE,
    KW_MAX_BUFFER_SIZE,
    KW_EXT_HOOK, // and here those of unpack and unpackb.
    KW_OBJECT_HOOK,
    KW_OBJECT_PAIRS_HOOK,
    KW_LIST_HOOK,
    KW_MAX_STR_LEN, // Limits are in the order of format_kind_t.
    KW_MAX_BIN_LEN,
    KW_MAX_EXT_LEN,
    KW_MAX_ARRAY_LEN,
    KW_MAX_MAP_LEN,
    KW_MAX_DEPTH,
    KW_USE_LIST,
    KW_RAW,
    KW_STRICT_MAP_KEY,
    KW_TIMESTAMP,
    KW_UNPACK_UNICODE_ERRORS,
    KW_WAIT, // unpack has two more.
    KW_TIMEOUT,
    KW_END,
};

enum {
    LIMITS = KIND_MAP - KIND_STR + 1, // The kinds that have a length.
};

typedef struct _pack_options_t {
    mp_obj_t default_fun; // Or None.
    bool double_floats;
    bool strict_types;
    bool old_format; // No bin, no str8.
} pack_options_t;

typedef struct _unpack_options_t {
    mp_obj_t ext_hook; // None where there is none, as with all hooks.
    mp_obj_t object_hook;
    mp_obj_t object_pairs_hook;
    mp_obj_t list_hook;
    uint32_t max_len[LIMITS]; // By kind, from KIND_STR.
    bool use_list;
    bool raw;
    bool strict_map_key;
    uint8_t timestamp; // A TIMESTAMP_ constant.
    uint16_t max_depth; // Nested containers, at most MAX_DEPTH.
} unpack_options_t;

void options_init(state_t *st);

// An int argument from low to high: TypeError or ValueError for any other object.
mp_int_t int_arg(state_t *st, mp_obj_t obj, mp_int_t low, mp_int_t high);

// The bytes of a buffer argument: TypeError if it is none, or a str.
void buffer_arg(state_t *st, mp_obj_t obj, mp_buffer_info_t *buf);

// A length of the format, likewise.
uint32_t length_arg(state_t *st, mp_obj_t obj);

// A limit of at least 0. Those above the largest length that the format has are lowered to it.
uint32_t limit_arg(state_t *st, mp_obj_t obj);

// Two arguments by position or name, of which only the second may have a value already.
void parse_two(state_t *st, qstr first, qstr second, size_t n_args, size_t n_kw, const mp_obj_t *args,
    mp_obj_t *values);

// Parse the keyword arguments from start to before end; values, by number of
// keyword, gets those that were given and keeps the others.
void pack_options_parse(state_t *st, pack_options_t *opt, size_t n_kw, const mp_obj_t *kw, mp_obj_t *values,
    unsigned int start, unsigned int end);
void unpack_options_parse(state_t *st, unpack_options_t *opt, size_t n_kw, const mp_obj_t *kw, mp_obj_t *values,
    unsigned int start, unsigned int end);

#endif // MSGPACK_OPTIONS_H

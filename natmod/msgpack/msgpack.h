// What the sources of the module share: its state, and the interfaces between them.
#ifndef MSGPACK_MSGPACK_H
#define MSGPACK_MSGPACK_H

#include "format.h"
#include "toolkit.h"
#include "stream.h"

enum {
    MAX_DEPTH = 1024, // Containers inside each other, either way.
    INLINE_DEPTH = 16, // As many of them need no heap.
    PACK_BUFFER = 256, // Bytes of a message that are collected on the C stack.
    HEAD_ROOM = 16, // Room for any head, and for a timestamp with its body.
    WRITE_TIMEOUT = 1000, // Milliseconds that a stream may accept nothing.
    NANOSECONDS = 1000000000, // In a second.
};

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
    uint32_t max_len[5]; // By kind, from KIND_STR.
    bool use_list;
    bool raw;
    bool strict_map_key;
    uint8_t timestamp;
    uint16_t max_depth; // Containers inside each other, at most MAX_DEPTH.
} unpack_options_t;

typedef struct _state_t {
    natmod_t nm;
    bool big_ints; // Whether the firmware's integers may have more than 64 bits,
    bool double_floats; // and whether its floats are doubles.
    uint8_t float_words; // Where the value is in one, in words; 0 if that can't be said.

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
} state_t;

/******************************************************************************/
// number.c: numbers and the words of the format

// An integer of the format: hi:lo, in two's complement if negative is set.
typedef struct _words_t {
    uint32_t hi;
    uint32_t lo;
    bool negative;
} words_t;

// False if obj, which is of the builtin type int, is outside the format's range.
bool int_to_words(state_t *st, mp_obj_t obj, words_t *words);

// An integer or a float from the words of a tag. Raises OverflowError on a firmware whose
// integers cannot hold it and ValueError on one without floats.
mp_obj_t number_new(state_t *st, const format_tag_t *tag);

// A float from its bits, single ('f') or double ('d'). Raises ValueError on a firmware without.
mp_obj_t float_new(state_t *st, char typecode, uint32_t lo, uint32_t hi);

// The bits of a float object, as a double in hi:lo or as a single in lo.
void float_to_words(state_t *st, mp_obj_t obj, bool as_double, words_t *words);

// Find out about the firmware's floats and integers.
void floats_init(state_t *st);
void ints_init(state_t *st);

/******************************************************************************/
// object.c: strings made without the interpreter's help

// A block of len + 1 bytes that ends in a zero byte.
byte *body_new(size_t len);

// A str or bytes object over such a block.
mp_obj_t body_to_obj(const mp_obj_type_t *type, byte *body, size_t len);

// A bytes object with a copy of the data.
mp_obj_t bytes_new(state_t *st, const byte *data, size_t len);

// Whether len bytes are UTF-8 as RFC 3629 has it.
bool utf8_is_valid(const byte *p, size_t len);

/******************************************************************************/
// ext.c and timestamp.c: the classes

// Same layout as a tuple of the code and the data, and as a namedtuple but for the type.
typedef struct _ext_t {
    mp_obj_base_t base;
    size_t len; // 2
    mp_obj_t code;
    mp_obj_t data;
} ext_t;

void ext_init(state_t *st);
mp_obj_t ext_new(state_t *st, int8_t code, mp_obj_t data);

typedef struct _timestamp_t {
    mp_obj_base_t base;
    mp_obj_t seconds; // An int.
    uint32_t nanoseconds;
} timestamp_t;

enum {
    TIMESTAMP_MAX = 12, // Bytes in the body of its longest form.
};

void timestamp_init(state_t *st);

// The value of a timestamp's body: by mode a Timestamp, a float of seconds or an int of
// nanoseconds. Raises ValueError if it is malformed.
mp_obj_t timestamp_from_body(state_t *st, const byte *body, size_t len, unsigned int mode);

// Write the body, in the shortest form, and return its length.
size_t timestamp_to_body(state_t *st, const timestamp_t *self, byte *body);

/******************************************************************************/
// encoder.c

// Where the bytes go decides what happens when the memory for them is full.
enum {
    SINK_MEMORY, // It grows.
    SINK_STREAM, // It is written to a stream.
    SINK_BUFFER, // It is copied to a buffer of the caller's.
};

// Bytes lie from start to cur; there is room for more up to end.
typedef struct _encoder_t {
    state_t *st;
    byte *start;
    byte *cur;
    byte *end;
    uint8_t sink;
    bool on_heap; // The memory is a block on the heap.
    uint8_t outer; // Containers around the object, for the limit of depth.
    natmod_stream_t *stream;
    natmod_wait_t wait; // For the stream.
    mp_obj_t buffer; // And where in it the next byte goes:
    size_t offset;
    const pack_options_t *opt;
} encoder_t;

void encode(encoder_t *enc, mp_obj_t obj);
void encode_array_header(encoder_t *enc, size_t len);
void encode_map_header(encoder_t *enc, size_t len);
void encode_ext(encoder_t *enc, int8_t code, mp_obj_t data);

// Pass on what waits for the stream or the buffer.
void encoder_flush(encoder_t *enc);

// The bytes written so far as an object; ends the use of the memory.
mp_obj_t encoder_take_bytes(encoder_t *enc);

/******************************************************************************/
// decoder.c

// An open container, or what stands around the outermost object.
typedef struct _decoder_frame_t {
    mp_obj_t obj; // The container so far.
    mp_obj_t key; // Of a map, the key whose value comes next; of a tuple, its room.
    uint32_t left; // Elements or pairs whose head has not come yet.
    uint8_t kind;
    bool value_due; // Of a map, the head of a key has come, not that of its value.
} decoder_frame_t;

// Where the bytes come from decides what happens when there are not enough of them.
enum {
    SOURCE_WHOLE, // All of the object is in memory: it is truncated.
    SOURCE_FED, // More may come later: stop and go on then.
    SOURCE_STREAM, // Read them.
};

enum {
    KEYS = 16,
    KEY_MAX = 32, // Bytes of a key that is remembered.
    MISSES = 4, // Keys in a row that were not interned, before one in LOOK_EVERY is looked for.
    LOOK_EVERY = 16,
};

// The first 32 bytes and the first 31 words of a structure are reached by the short instructions of
// Thumb code, so small members come first and arrays last.
typedef struct _decoder_t {
    uint8_t source;
    bool frames_on_heap;
    bool hooked; // Python code may run where keys are compared: a hook may have made one, say.
    bool lost; // An error leaves the position undefined.
    uint8_t keys_used; // How many keys there are,
    uint8_t key_at; // and where the one is that follows the last one.
    uint8_t misses; // Keys that were made since one was found interned.
    uint16_t depth;
    uint16_t room; // Frames that the memory has room for.
    state_t *st;
    const byte *p; // Bytes that have come and are not used yet: from p to end.
    const byte *end;
    const byte *from; // The object's bytes that are in memory begin here.
    uint64_t gone; // How many came before these.
    uint64_t outer; // Objects owed to all containers but the innermost one.
    uint32_t pending; // Bytes of the current object's body that must still come.
    decoder_frame_t *frames; // Open containers.
    const unpack_options_t *opt;
    mp_obj_t buffer; // What p points into, to notice that a hook resizes it; or null.
    mp_obj_t result;
    // For SOURCE_STREAM:
    natmod_stream_t *stream;
    byte *read_ahead; // READ_AHEAD bytes; never holds bytes beyond the object.
    mp_int_t wait; // Milliseconds for the first byte, and for each of the others.
    mp_int_t timeout;
    decoder_frame_t root; // Around the outermost object.
    mp_obj_t keys[KEYS]; // Keys of maps that have come lately,
    uint32_t key_marks[KEYS]; // and their lengths, first and last two bytes.
} decoder_t;

enum {
    READ_AHEAD = 64,
};

// Start with a new object.
void decoder_start(decoder_t *dec);

// Bytes of the object that have been used. A skipped one may have more than memory has.
static inline uint64_t decoder_taken(const decoder_t *dec) {
    return dec->gone + (size_t)(dec->p - dec->from);
}

// The bytes that are not used yet lie somewhere else now, and the others are gone.
static inline void decoder_move(decoder_t *dec, const byte *p, size_t len) {
    dec->gone = decoder_taken(dec);
    dec->from = dec->p = p;
    dec->end = p + len;
}

// Forget the containers, so that nothing of them stays alive: what they are owed can only be skipped
// now.
void decoder_drop(decoder_t *dec);

// Decode until the object is complete (true; it is in dec->result) or bytes are missing (false,
// for sources other than streams). An exception leaves the decoder ready for decoder_skip,
// unless dec->lost is set.
bool decoder_run(decoder_t *dec);

// Skip what is still owed, without heap: true when the outermost object has been passed.
bool decoder_skip(decoder_t *dec);

// Raise the FormatError for the byte that is next, and set dec->lost.
MP_NORETURN void decoder_raise_format(decoder_t *dec);

// The length of the array or map that comes, whose head is taken, but not its elements; MP_OBJ_NULL
// if bytes are missing.
mp_obj_t decoder_header(decoder_t *dec, unsigned int kind);

// Decode one object from a stream, and pass the whole of it whatever is raised.
mp_obj_t decode_stream(decoder_t *dec);

/******************************************************************************/
// options.c: arguments

void options_init(state_t *st);

// An int argument from low to high: TypeError or ValueError for any other object.
mp_int_t int_arg(state_t *st, mp_obj_t obj, mp_int_t low, mp_int_t high);

// The bytes of a buffer argument: TypeError if it is none, or a str.
void buffer_arg(state_t *st, mp_obj_t obj, mp_buffer_info_t *buf);

// A length of the format, likewise.
uint32_t length_arg(state_t *st, mp_obj_t obj);

// A limit, which may be anything from 0: the largest that can be exceeded stands for more.
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

/******************************************************************************/
// packer.c and unpacker.c: the classes

void packer_init(state_t *st);
void unpacker_init(state_t *st);

#endif // MSGPACK_MSGPACK_H

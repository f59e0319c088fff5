// SPDX-License-Identifier: MIT
// What the parts of the harness share.
#ifndef FUZZ_H
#define FUZZ_H

#include "py/runtime.h"
#include "py/stream.h"

#include "model.h"

enum {
    INPUT_MAX = 4096,
};

/******************************************************************************/
// fuzz.c: one execution

#ifndef MP_NORETURN
#define MP_NORETURN __attribute__((noreturn))
#endif

// Print what is wrong, and abort.
MP_NORETURN void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Bytes of the input, taken from its start; zeros once it is used up.
typedef struct _input_t {
    const uint8_t *p;
    const uint8_t *end;
} input_t;

static inline uint8_t take(input_t *in) {
    return in->p < in->end ? *in->p++ : 0;
}

static inline size_t left(const input_t *in) {
    return in->end - in->p;
}

// Take up to n bytes. Afterwards n is the number taken.
const uint8_t *take_some(input_t *in, size_t *n);

// The state of one execution, which hooks and streams need.
typedef struct _run_t {
    script_t script; // The script of the hooks.
    mp_obj_t source; // The buffer that is read or written, or null.
    mp_obj_t under_view; // The bytearray of which source is a view, or null.
    mp_obj_t busy; // The Packer or Unpacker in use, or null.
    mp_obj_t containers[64]; // Containers that a hook may change.
    size_t n_containers;
    uint8_t collections; // Collections that hooks have run so far.
    bool tainted; // A hook has done something whose outcome cannot be predicted.
    bool faulty; // Allocations may fail.
    bool large; // The heap may be too small for this input.
    bool mutating; // Each write to a stream changes a container.
    bool printing; // A warning runs a callback, as on a board with os.dupterm.
    bool writing; // Each allocation changes the bytes of the source, as a callback might.
    bool small; // The small flavour is called.
    const char *stack; // The position of the C stack when the module was called.
} run_t;

extern run_t run;

// Print all calls: --trace.
extern bool trace;

// Choose, by a byte of the input, the memory faults of this execution.
void faults_set(uint8_t how);
void faults_end(void);

// The targets.
void target_decoder(input_t *in);
void target_streams(input_t *in);
void target_unpacker(input_t *in);
void target_encoder(input_t *in);
void target_small(input_t *in);

/******************************************************************************/
// port.c

extern uint32_t clock_ms; // Only sleeping advances this clock.
extern uint32_t clock_limit; // A sleep that reaches this time raises KeyboardInterrupt.

/******************************************************************************/
// calls.c: the module's functions

typedef enum {
    F_PACK, F_PACKB, F_PACK_INTO, F_UNPACK, F_UNPACKB, F_PACKER, F_UNPACKER, F_EXT_TYPE, F_TIMESTAMP, F_END,
} function_t;

extern const mp_obj_type_t *timestamp_type;
extern const mp_obj_type_t *unpacker_type;

void calls_init(void);
mp_obj_t function(function_t f); // Of the small flavour, if that is called.
bool is_ext_type(const mp_obj_type_t *type); // Of either.

// Arguments, keywords last.
typedef struct _args_t {
    mp_obj_t items[64];
    size_t n_args;
    size_t n_kw;
} args_t;

void arg(args_t *args, mp_obj_t obj);
void arg_kw(args_t *args, qstr name, mp_obj_t value);

typedef struct _outcome_t {
    result_t result;
    mp_obj_t obj; // The result or the exception.
} outcome_t;

outcome_t call(mp_obj_t fun, const args_t *args);
outcome_t call_method(mp_obj_t self, qstr name, size_t n, const mp_obj_t *args);
outcome_t call_next(mp_obj_t iterator);
result_t classify(mp_obj_t exception);

// Choose the options for reading by 16 bits of the input.
void reading_options(reading_t *r, unsigned int bits);
void reading_args(args_t *args, const reading_t *r);

/******************************************************************************/
// target_decoder.c

enum { BUFFER_BYTES, BUFFER_BYTEARRAY, BUFFER_VIEW, BUFFER_SLICE, BUFFER_ARRAY, BUFFER_KINDS };
mp_obj_t buffer_new(unsigned int kind, const uint8_t *data, size_t len);

/******************************************************************************/
// values.c

value_t value_of_obj(mp_obj_t obj);
void check_strs(mp_obj_t obj); // Check that each str is UTF-8.
void print_obj(mp_obj_t obj);

/******************************************************************************/
// hooks.c

extern const mp_obj_type_t hook_error_type;
extern const mp_obj_type_t stream_error_type;
extern const mp_obj_type_t method_type;

typedef mp_obj_t (*method_t)(mp_obj_t self, size_t n_args, const mp_obj_t *args);

typedef struct _method_obj_t {
    mp_obj_base_t base;
    method_t fun;
} method_obj_t;

// The initialiser of a method_obj_t.
#define METHOD(fun) { { &method_type }, (fun) }

// A hook for the decoder, and the default hook for the encoder.
typedef enum { HOOK_EXT, HOOK_CONTAINER, HOOK_DEFAULT } hook_kind_t;
mp_obj_t hook(hook_kind_t kind);

// A class with these methods, and an instance of one.
mp_obj_t class_new(qstr name, mp_obj_t base, size_t n, const qstr *names, const method_obj_t *const *methods);
mp_obj_t instance_new(mp_obj_t class);

// Indices in classes, which hooks.c, streams.c and objects.c fill at the start.
enum {
    CLASS_KEY, CLASS_IOBASE, CLASS_INTO, CLASS_READ, CLASS_NO_INIT, CLASS_PLAIN, CLASS_SUB, CLASS_NAMED = CLASS_SUB + 7,
};
extern mp_obj_t *classes;
void hooks_init(void);

// Change bytes of the source, or its size. Without a source they do nothing.
void write_source(void);
void resize_source(void);

// Change one of the containers that are being packed.
void mutate_container(uint32_t n);

// Check, in a callback, that the module uses no more of the C stack than it may.
void check_stack(void);

/******************************************************************************/
// streams.c

typedef enum { STREAM_NATIVE, STREAM_IOBASE, STREAM_INTO, STREAM_READ, STREAM_BYTES_IO, STREAM_KINDS } stream_kind_t;

// Whether a native stream can seek, and how its seeks end.
typedef enum {
    SEEK_NO_METHOD, // It has no seek method, and must not be asked.
    SEEK_WORKS,
    SEEK_MATCHES, // The same, and the stream is compared with one of the first kind.
    SEEK_REFUSED, // With ESPIPE, always.
    SEEK_NO_POSITION, // Each returns the same position, and changes nothing.
    // The first two work, those after them do not:
    SEEK_FAILS,
    SEEK_RAISES,
    SEEK_LIES, // It returns the new position, and changes nothing.
} seek_kind_t;

// The state of the stream; only one is open at a time.
typedef struct _stream_t {
    stream_kind_t kind;
    seek_kind_t seek; // Of STREAM_NATIVE.
    unsigned int n_seeks;
    const uint8_t *data; // The bytes that the stream gives, up to end.
    size_t pos;
    size_t end;
    input_t outcomes;
    uint8_t written[1 << 16];
    size_t n_written;
    // These cover the calls since stream_forget:
    uint32_t fatal; // A bit (1 << result_t) for each result that the stream's errors may lead to.
    bool eof;
    bool blocked;
} stream_t;

extern stream_t stream;
void streams_init(void);
mp_obj_t stream_open(stream_kind_t kind, seek_kind_t seek, const uint8_t *data, size_t len, input_t outcomes);
void stream_forget(void);

/******************************************************************************/
// objects.c: objects of all kinds from an input

void objects_init(void);
mp_obj_t object_new(input_t *in, bool may_be_deep);

/******************************************************************************/
// packing.c: a second writer of MessagePack

typedef struct _packing_t {
    bool default_hook;
    bool single_float;
    bool strict_types;
    bool old_format;
    bool small; // The small flavour knows no Timestamp, and packs an array without asking the hook.
} packing_t;

typedef struct _packed_t {
    uint8_t bytes[1 << 13];
    size_t len;
    bool too_long; // The message does not fit in bytes; it is not checked.
    bool unsure;
    bool nan;
} packed_t;

// Append an object that is nested in depth containers.
result_t packing_write(packed_t *p, const packing_t *options, script_t *script, mp_obj_t obj, unsigned int depth);
void packing_header(packed_t *p, bool map, uint32_t len);
void packing_ext(packed_t *p, int8_t code, const uint8_t *data, size_t len);

#endif // FUZZ_H

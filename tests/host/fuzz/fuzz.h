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

// Something is wrong: say what, and abort.
#ifndef MP_NORETURN
#define MP_NORETURN __attribute__((noreturn))
#endif

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

// As many as there are, up to n.
const uint8_t *take_some(input_t *in, size_t *n);

// What is going on: hooks and streams need it.
typedef struct _run_t {
    script_t script; // Of the hooks.
    mp_obj_t source; // The buffer that is read or written, or null,
    mp_obj_t under_view; // the bytearray of which that is a view,
    mp_obj_t busy; // the Packer or Unpacker in use,
    mp_obj_t containers[64]; // and containers that a hook may change.
    size_t n_containers;
    uint8_t collections; // By hooks so far.
    bool tainted; // A hook has done something whose outcome is not foreseen,
    bool faulty; // or memory is short at times,
    bool large; // or may be, since the input is large.
    bool mutating; // Each write to a stream changes a container.
    bool printing; // A warning runs a callback, as on a board with os.dupterm,
    bool writing; // each allocation changes the bytes of the source, as a callback might.
    const char *stack; // Where the C stack was when the module was called.
} run_t;

extern run_t run;

// Whether calls are to be shown: with --trace.
extern bool trace;

// From the input: what goes wrong with memory in this execution.
void faults_set(uint8_t how);
void faults_end(void);

// The targets.
void target_decoder(input_t *in);
void target_streams(input_t *in);
void target_unpacker(input_t *in);
void target_encoder(input_t *in);

/******************************************************************************/
// port.c

extern uint32_t clock_ms; // Only sleeping makes it go on.
extern uint32_t clock_limit; // Then a sleep raises KeyboardInterrupt.

/******************************************************************************/
// calls.c: the module's functions

typedef enum {
    F_PACK, F_PACKB, F_PACK_INTO, F_UNPACK, F_UNPACKB, F_PACKER, F_UNPACKER, F_EXT_TYPE, F_TIMESTAMP, F_END,
} function_t;

extern const mp_obj_type_t *ext_type;
extern const mp_obj_type_t *timestamp_type;
extern const mp_obj_type_t *unpacker_type;

void calls_init(void);
mp_obj_t function(function_t f);

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

// The options for reading, from two bytes.
void reading_options(reading_t *r, unsigned int bits);
void reading_args(args_t *args, const reading_t *r);

/******************************************************************************/
// values.c

value_t value_of_obj(mp_obj_t obj);
void check_strs(mp_obj_t obj); // All are UTF-8.
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

// What classes are made of.
#define METHOD(fun) { { &method_type }, (fun) }

// A hook for the decoder, and the default hook for the encoder.
typedef enum { HOOK_EXT, HOOK_CONTAINER, HOOK_DEFAULT } hook_kind_t;
mp_obj_t hook(hook_kind_t kind);

// A class with these methods, and an instance of one.
mp_obj_t class_new(qstr name, mp_obj_t base, size_t n, const qstr *names, const method_obj_t *const *methods);
mp_obj_t instance_new(mp_obj_t class);

// Made once, by hooks.c, streams.c and objects.c.
enum {
    CLASS_KEY, CLASS_IOBASE, CLASS_INTO, CLASS_READ, CLASS_NO_INIT, CLASS_PLAIN, CLASS_SUB, CLASS_NAMED = CLASS_SUB + 7,
};
extern mp_obj_t *classes;
void hooks_init(void);

// Change bytes of the source, if there is one, and its size.
void write_source(void);
void resize_source(void);

// Change one of the containers that are being packed.
void mutate_container(uint32_t n);

// The C stack that is in use inside a callback has a bound.
void check_stack(void);

/******************************************************************************/
// streams.c

typedef enum { STREAM_NATIVE, STREAM_IOBASE, STREAM_INTO, STREAM_READ, STREAM_BYTES_IO, STREAM_KINDS } stream_kind_t;

// There is one at a time.
typedef struct _stream_t {
    stream_kind_t kind;
    const uint8_t *data; // What it gives, up to end.
    size_t pos;
    size_t end;
    input_t outcomes;
    uint8_t written[1 << 16];
    size_t n_written;
    // Since streams_forget:
    uint32_t fatal; // By 1 << result_t, what may come of what it has said.
    bool eof;
    bool blocked;
} stream_t;

extern stream_t stream;
void streams_init(void);
mp_obj_t stream_open(stream_kind_t kind, const uint8_t *data, size_t len, input_t outcomes);
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
} packing_t;

typedef struct _packed_t {
    uint8_t bytes[1 << 13];
    size_t len;
    bool too_long; // That much is not tried.
    bool unsure;
    bool nan;
} packed_t;

// Append an object, with so many containers around it.
result_t packing_write(packed_t *p, const packing_t *options, script_t *script, mp_obj_t obj, unsigned int depth);
void packing_head(packed_t *p, bool map, uint32_t len);
void packing_ext(packed_t *p, int8_t code, const uint8_t *data, size_t len);

#endif // FUZZ_H

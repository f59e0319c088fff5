// SPDX-License-Identifier: MIT
// One execution of the fuzzer. The interpreter stays initialised, so its state is checked after each.

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "py/builtin.h"
#include "py/gc.h"
#include "py/mpstate.h"
#include "py/objtuple.h"
#include "py/stackctrl.h"

#include "fuzz.h"

enum {
    HEAP = 32 * 1024 * sizeof(void *),
    CHECK_EVERY = 256, // Executions between two checks for leaks.
    LARGE = 256, // The heap may be too small for an input of more bytes.
    SLACK = 8192, // Bytes of the heap that stale pointers on the C stack may keep alive.
    MOVES = 6, // Attempts at different stack positions before more than SLACK is a leak.
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

run_t run;
bool trace;

static const struct {
    const char *name;
    void (*fun)(input_t *in);
} targets[] = {
    { "decoder", target_decoder },
    { "streams", target_streams },
    { "unpacker", target_unpacker },
    { "encoder", target_encoder },
    { "small", target_small },
};

static void (*target)(input_t *in);
static bool plant;
static uint32_t executions;

void wrong(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("WRONG: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    gc_info_t info;
    gc_info(&info);
    fprintf(stderr, "The heap: %u bytes used, %u free, %u blocks in a row; %u executions\n", (unsigned int)info.used,
        (unsigned int)info.free, (unsigned int)info.max_free, (unsigned int)executions);
    abort();
}

const uint8_t *take_some(input_t *in, size_t *n) {
    const uint8_t *p = in->p;
    *n = MIN(*n, left(in));
    in->p += *n;
    return p;
}

/******************************************************************************/
// Each execution begins with the heap as it was after the start. Restoring it is much faster than a
// collection, and no execution depends on earlier ones.

static struct {
    char heap[HEAP];
    char after[64]; // Not part of the heap, but never poisoned.
} memory __attribute__((aligned(64)));
static mp_state_mem_area_t area_then;
static byte table_then[HEAP / MICROPY_BYTES_PER_GC_BLOCK / 4];

static void heap_remember(void) {
    gc_collect();
    area_then = MP_STATE_MEM(area);
    memcpy(table_then, area_then.gc_alloc_table_start, area_then.gc_alloc_table_byte_len);
}

static byte *block_address(size_t block) {
    return area_then.gc_pool_start + block * MICROPY_BYTES_PER_GC_BLOCK;
}

static void heap_reset(void) {
    // Free the blocks after those that were in use at the start.
    byte *table = area_then.gc_alloc_table_start;
    size_t then = area_then.gc_last_used_block / 4 + 1;
    // The last used block may be the one after the end of the heap.
    size_t now = MIN(MP_STATE_MEM(area).gc_last_used_block / 4 + 1, area_then.gc_alloc_table_byte_len);
    now = MAX(now, then);
    __asan_poison_memory_region(block_address(4 * then), block_address(4 * now) - block_address(4 * then));
    memset(table + then, 0, now - then);
    // Free the blocks in the gaps between those. A byte of the table stands for four blocks.
    if (memcmp(table, table_then, then) != 0) {
        for (size_t block = 0; block < 4 * then; block++) {
            if ((table_then[block / 4] >> 2 * (block & 3) & 3) == 0) {
                __asan_poison_memory_region(block_address(block), MICROPY_BYTES_PER_GC_BLOCK);
            }
        }
        memcpy(table, table_then, then);
    }
    MP_STATE_MEM(area) = area_then;
    if (__asan_region_is_poisoned(memory.after, sizeof(memory.after)) != NULL) {
        wrong("memory after the heap is out of bounds");
    }
}

// Overwrite the pointers that the frames of the execution have left on the stack.
static __attribute__((noinline)) void clear_stack(void) {
    volatile byte frames[32 * 1024];
    for (size_t i = 0; i < sizeof(frames); i++) {
        frames[i] = 0;
    }
}

// The number of bytes of the heap in use beyond those in use at the first call.
static __attribute__((noinline)) size_t leaked(void) {
    static size_t baseline;
    memset(&run, 0, sizeof(run));
    gc_collect();
    gc_info_t info;
    gc_info(&info);
    if (baseline == 0) {
        baseline = info.used;
    }
    return info.used - MIN(info.used, baseline);
}

/******************************************************************************/

static void start(void) {
    mp_stack_ctrl_init();
    mp_stack_set_limit(1 << 20);
    gc_init(memory.heap, memory.after);
    mp_init();
    hooks_init();
    streams_init();
    calls_init();
    if (target == target_encoder || target == target_small) {
        objects_init();
    }
    heap_remember();
}

// --target=NAME goes with libFuzzer's own arguments, which begin with one dash.
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    for (int i = 1; i < *argc; i++) {
        for (size_t t = 0; t < MP_ARRAY_SIZE(targets); t++) {
            if (strncmp((*argv)[i], "--target=", 9) == 0 && strcmp((*argv)[i] + 9, targets[t].name) == 0) {
                target = targets[t].fun;
            }
        }
        trace = trace || strcmp((*argv)[i], "--trace") == 0;
        // A test of the sanitizers: an input that begins with these letters reads a byte too far.
        plant = plant || strcmp((*argv)[i], "--plant") == 0;
    }
    if (target == NULL) {
        fputs("usage: fuzz --target=decoder|streams|unpacker|encoder|small ...\n", stderr);
        exit(2);
    }
    start();
    return 0;
}

static __attribute__((noinline)) void planted(void) {
    volatile byte *block = m_malloc(40);
    block[39] = block[40];
}

// Execute an input in a separate frame, so that the caller's frame holds none of its pointers.
static __attribute__((noinline)) void execute(const uint8_t *data, size_t size) {
    input_t in = { data, data + size };
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        target(&in);
        nlr_pop();
    } else if (classify(MP_OBJ_FROM_PTR(nlr.ret_val)) != R_MEMORY) {
        // Calls of the module are protected, so this is the harness's own, in which only an allocation may fail.
        print_obj(MP_OBJ_FROM_PTR(nlr.ret_val));
        wrong("an exception that the harness did not expect");
    }
}

// Execute an input with its frames moved down the stack by this many bytes.
static __attribute__((noinline)) void execute_at(size_t moved, const uint8_t *data, size_t size) {
    byte between[moved + 1];
    __asm__ volatile ("" : : "r" (between) : "memory");
    memset(&run, 0, sizeof(run));
    static const uint8_t no_ops[SCRIPT];
    run.script.ops = no_ops;
    run.large = size > LARGE;
    clock_limit = UINT32_MAX;
    execute(data, size);
    faults_end();
    if (plant && size >= 4 && memcmp(data, "leak", 4) == 0) {
        // A block between the root pointer and what it keeps alive.
        void **leak = m_malloc(2 * SLACK);
        leak[0] = MP_STATE_VM(natmod_msgpack_root);
        MP_STATE_VM(natmod_msgpack_root) = leak;
    }
    // The preallocated exception for failed allocations would keep its last arguments alive.
    MP_STATE_VM(mp_emergency_exception_obj).args = (mp_obj_tuple_t *)&mp_const_empty_tuple_obj;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > INPUT_MAX) {
        return -1;
    }
    mp_stack_set_top(__builtin_frame_address(0));
    if (plant && size >= 5 && memcmp(data, "plant", 5) == 0) {
        planted();
    }
    execute_at(0, data, size);
    if (executions++ % CHECK_EVERY == 0) {
        clear_stack();
        size_t n;
        // A stale pointer on the C stack can keep many objects alive. At another stack position it is
        // no longer there, while a leak remains.
        for (unsigned int i = 1; (n = leaked()) > SLACK; i++) {
            if (i == MOVES) {
                wrong("%u bytes of the heap have leaked", (unsigned int)n);
            }
            heap_reset();
            execute_at(i * 176, data, size);
            clear_stack();
        }
    }
    heap_reset();
    return 0;
}

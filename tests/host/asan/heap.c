// SPDX-License-Identifier: MIT
// Tells AddressSanitizer about MicroPython's heap: only the requested bytes of live blocks may be
// accessed. It reports accesses to bytes after the end of a block, to freed blocks, and to blocks that
// the collector freed although they are still in use.
//
// The linker puts these functions around the collector's (--wrap).

#include <sanitizer/asan_interface.h>

#include "py/gc.h"
#include "py/mpstate.h"
#include "py/mpthread.h"
#include "py/nlr.h"

#include "faults.h"

void __real_gc_init(void *start, void *end);
void *__real_gc_alloc(size_t n_bytes, unsigned int flags);
void *__real_gc_realloc(void *ptr, size_t n_bytes, bool allow_move);
void __real_gc_free(void *ptr);
void __real_gc_collect_end(void);
__attribute__((noreturn)) void __real_nlr_jump(void *value);

enum {
    RED_ZONE = 8, // Bytes after the end of each block that nothing may access.
};

const char *__asan_default_options(void) {
    // MicroPython never frees its heap, and scans the one real stack.
    return "detect_leaks=0:detect_stack_use_after_return=0:handle_segv=0";
}

static void enter(void) {
    #if MICROPY_PY_THREAD
    mp_thread_recursive_mutex_lock(&MP_STATE_MEM(gc_mutex), 1);
    #endif
}

static void leave(void) {
    #if MICROPY_PY_THREAD
    mp_thread_recursive_mutex_unlock(&MP_STATE_MEM(gc_mutex));
    #endif
}

static void block_is_alive(void *ptr, size_t n_bytes) {
    __asan_unpoison_memory_region(ptr, n_bytes);
    __asan_poison_memory_region((byte *)ptr + n_bytes, gc_nbytes(ptr) - n_bytes);
}

void __wrap_gc_init(void *start, void *end) {
    __real_gc_init(start, end);
    mp_state_mem_area_t *area = &MP_STATE_MEM(area);
    __asan_poison_memory_region(area->gc_pool_start, area->gc_pool_end - area->gc_pool_start);
}

void *__wrap_gc_alloc(size_t n_bytes, unsigned int flags) {
    if (n_bytes == 0) {
        return NULL;
    }
    if (faults_allocation_fails()) {
        return NULL;
    }
    enter();
    void *ptr = __real_gc_alloc(n_bytes + RED_ZONE, flags);
    if (ptr != NULL) {
        block_is_alive(ptr, n_bytes);
    }
    leave();
    return ptr;
}

void __wrap_gc_free(void *ptr) {
    enter();
    size_t n_bytes = ptr == NULL ? 0 : gc_nbytes(ptr);
    __real_gc_free(ptr);
    // A locked heap frees nothing.
    if (n_bytes > 0 && gc_nbytes(ptr) == 0) {
        __asan_poison_memory_region(ptr, n_bytes);
    }
    leave();
}

void *__wrap_gc_realloc(void *ptr, size_t n_bytes, bool allow_move) {
    if (ptr == NULL) {
        return __wrap_gc_alloc(n_bytes, 0);
    }
    if (n_bytes == 0) {
        __wrap_gc_free(ptr);
        return NULL;
    }
    // Shrinking a block never fails.
    if (n_bytes + RED_ZONE > gc_nbytes(ptr) && faults_allocation_fails()) {
        return NULL;
    }
    enter();
    size_t old = gc_nbytes(ptr);
    void *result = __real_gc_realloc(ptr, n_bytes + RED_ZONE, allow_move);
    if (result != NULL) {
        // If the block moved or shrank, all or the end of the old one is free. Bytes that stay
        // alive are never poisoned meanwhile: another thread may be reading them.
        size_t kept = result == ptr ? gc_nbytes(ptr) : 0;
        if (kept < old) {
            __asan_poison_memory_region((byte *)ptr + kept, old - kept);
        }
        block_is_alive(result, n_bytes);
    }
    leave();
    return result;
}

static void poison_up_to(byte *start, byte *end) {
    if (start != NULL) {
        __asan_poison_memory_region(start, end - start);
    }
}

void __wrap_gc_collect_end(void) {
    enter();
    __real_gc_collect_end();
    // Poison all blocks that the collection has freed. The table has two bits for each block, which are
    // zero if it is free.
    mp_state_mem_area_t *area = &MP_STATE_MEM(area);
    byte *free = NULL; // Where a row of free blocks begins.
    byte *p = area->gc_pool_start;
    for (const byte *four = area->gc_alloc_table_start; p < area->gc_pool_end; four++) {
        if (*four == 0 && free != NULL) {
            p += 4 * MICROPY_BYTES_PER_GC_BLOCK;
            continue;
        }
        for (size_t i = 0; i < 4; i++, p += MICROPY_BYTES_PER_GC_BLOCK) {
            if ((*four >> 2 * i & 3) != 0) {
                poison_up_to(free, p);
                free = NULL;
            } else if (free == NULL) {
                free = p;
            }
        }
    }
    poison_up_to(free, area->gc_pool_end);
    leave();
}

__attribute__((noreturn)) void __wrap_nlr_jump(void *value) {
    // Unpoison the frames that the jump skips.
    __asan_handle_no_return();
    __real_nlr_jump(value);
}

// The collector calls these to clear and to move blocks.

void *heap_memset(void *ptr, int value, size_t n_bytes) {
    for (volatile byte *p = ptr; n_bytes > 0; n_bytes--) {
        *p++ = value;
    }
    return ptr;
}

void *heap_memcpy(void *restrict dest, const void *restrict src, size_t n_bytes) {
    const byte *q = src;
    for (volatile byte *p = dest; n_bytes > 0; n_bytes--) {
        *p++ = *q++;
    }
    return dest;
}

// SPDX-License-Identifier: MIT
// Faults of memory that an input asks for: allocations that fail, and what may happen at an allocation,
// namely a collection or the work of its callbacks.

#include "py/gc.h"
#include "py/mpstate.h"

#include "../asan/faults.h"
#include "fuzz.h"

void *__real_gc_alloc(size_t n_bytes, unsigned int flags);
void *__real_gc_realloc(void *ptr, size_t n_bytes, bool allow_move);
void *faults_gc_alloc(size_t n_bytes, unsigned int flags);
void *faults_gc_realloc(void *ptr, size_t n_bytes, bool allow_move);

static uint32_t countdown; // 1 if the next allocation fails, 2 if the one after it; 0 for none.
static bool all_later; // All allocations after that one fail, too.
static uint32_t collect; // The number of allocations that still begin with a collection.

// heap.c calls this. In the fuzzer allocations fail in faults_gc_alloc and faults_gc_realloc instead.
bool faults_allocation_fails(void) {
    return false;
}

void faults_set(uint8_t how) {
    run.faulty = run.large;
    if (how >= 254) {
        collect = 16;
    } else if (how >= 252) {
        run.writing = true;
    } else if (how >= 249) {
        run.mutating = true;
    } else if (how >= 192) {
        run.faulty = true;
        countdown = 1 + (how & 63) / 2;
        all_later = how & 1;
    }
}

void faults_end(void) {
    countdown = 0;
    all_later = false;
    collect = 0;
    run.writing = false;
}

static bool fails(void) {
    if (countdown == 0 || --countdown > 0) {
        return false;
    }
    countdown = all_later;
    return true;
}

static void before(void) {
    if (run.writing) {
        write_source();
    }
    if (collect > 0 && MP_STATE_THREAD(gc_lock_depth) == 0) {
        collect--;
        gc_collect();
    }
    // As long as most of the heap is free, new blocks come after all others: freed blocks are not reused
    // soon, and no time is spent searching for gaps.
    mp_state_mem_area_t *area = &MP_STATE_MEM(area);
    size_t last = area->gc_last_used_block / 4;
    if (last < area->gc_alloc_table_byte_len / 4 * 3) {
        area->gc_last_free_atb_index = MAX(area->gc_last_free_atb_index, last);
    }
}

void *faults_gc_alloc(size_t n_bytes, unsigned int flags) {
    before();
    return fails() ? NULL : __real_gc_alloc(n_bytes, flags);
}

void *faults_gc_realloc(void *ptr, size_t n_bytes, bool allow_move) {
    before();
    return fails() ? NULL : __real_gc_realloc(ptr, n_bytes, allow_move);
}

// SPDX-License-Identifier: MIT
// Mutual exclusion, where the firmware has threads.
//
// Between mutex_lock and mutex_unlock nothing is allocated and no Python code runs. So the thread that
// holds the mutex always makes progress, and other threads may wait for it.
//
// A sweep must not wait for a lock of the _thread module: with a GIL, waiting lets other threads run,
// and the sweep then frees what they allocate. So the sweep and the threads exclude each other by two
// flags, and the thread goes first. With a GIL the sweep never has to wait.
//
// A function that the scheduler calls must not wait for such a lock either: while it waits, the other
// threads never get the GIL. With a GIL no lock is needed, because nothing between mutex_lock and
// mutex_unlock releases it. So esp32 boards, which have a GIL, have no lock. Where it is not known
// whether there is a GIL, there is a lock.
//
// Without a GIL, other threads run on while one thread collects. The collector marks from the roots
// first, and then from the stack of each thread. If a thread moves a pointer from its stack to an
// object that is marked already, before the collector has come to its stack, the block is lost. So a
// pointer that was stored in an older object must stay on the stack until every collection that had
// begun before is over: wait_for_collection.

#include "finaliser.h"

void mutex_begin(state_t *st) {
    mp_obj_t allocate = natmod_import_maybe(MP_QSTR__thread, MP_QSTR_allocate_lock);
    mp_obj_t platform = natmod_import_maybe(MP_QSTR_sys, MP_QSTR_platform);
    mp_buffer_info_t buf;
    // "esp32", or "esp8266", which has no threads.
    bool has_gil = platform != MP_OBJ_NULL && mp_get_buffer(platform, &buf, MP_BUFFER_READ)
        && buf.len > 3 && ((const char *)buf.buf)[0] == 'e' && ((const char *)buf.buf)[1] == 's';
    if (allocate != MP_OBJ_NULL && !has_gil) {
        mp_obj_t object = mp_call_function_n_kw(allocate, 0, 0, NULL);
        st->release = mp_load_attr(object, MP_QSTR_release);
        st->acquire = mp_load_attr(object, MP_QSTR_acquire);
    }
}

static void call_method(mp_obj_t method) {
    if (method != MP_OBJ_NULL) {
        mp_call_function_n_kw(method, 0, 0, NULL);
    }
}

void mutex_lock(state_t *st) {
    call_method(st->acquire);
    st->locked = true;
    do {
        __sync_synchronize();
    } while (st->sweeping);
}

void mutex_unlock(state_t *st) {
    __sync_synchronize();
    st->locked = false;
    call_method(st->release);
}

void mutex_end(state_t *st) {
    st->acquire = MP_OBJ_NULL;
    st->release = MP_OBJ_NULL;
}

bool mutex_lock_in_sweep(state_t *st) {
    for (;;) {
        st->sweeping = true;
        __sync_synchronize();
        if (!st->locked) {
            return true;
        }
        st->sweeping = false;
        if (st->acquire == MP_OBJ_NULL) {
            // There is no other thread that will unlock it.
            return false;
        }
        while (st->locked) {
        }
    }
}

void mutex_unlock_in_sweep(state_t *st) {
    __sync_synchronize();
    st->sweeping = false;
}

__attribute__((noinline)) bool wait_for_collection(state_t *st, void *ptr) {
    void *volatile keep = ptr;
    // Keeping a block at its size neither moves it nor fails, unless the heap is locked.
    bool usable = m_realloc_maybe(MP_OBJ_TO_PTR(st->internal), sizeof(block_t), false) != NULL;
    (void)keep;
    return usable;
}

// Mutual exclusion, where the firmware has threads.
//
// Between lock and unlock nothing is allocated and no Python code runs. So a thread that holds
// the lock always gets on, and another one may wait for it.
//
// A sweep must not wait for a lock of the _thread module: where there is a GIL, that lets other
// threads run, and what they allocate then is swept. So between the sweep and the thread that holds
// the lock there is another exclusion, of two flags, in which the thread goes first. With a GIL the
// sweep never has to wait for it.
//
// A function that the scheduler calls should not wait for such a lock either: as long as it runs,
// the interpreter of other threads never hands on the GIL. Nothing here needs a lock where there is
// a GIL, for nothing between lock and unlock lets go of it. So esp32 boards, which have one, get
// none. Where it is not known that there is a GIL, there is a lock.
//
// Where threads run without a GIL, other threads go on while one collects. It looks at the
// roots first, and then at the stack of each thread. If a thread takes a pointer from its stack
// to a place where the collection has been already, before it looks at the stack, the block is
// lost. So a pointer that was stored into something old must stay on the stack until no
// collection is going on that was so before: wait_for_collection.

#include "finaliser.h"

void lock_init(state_t *st) {
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

void lock(state_t *st) {
    call_method(st->acquire);
    st->locked = true;
    do {
        __sync_synchronize();
    } while (st->sweeping);
}

void unlock(state_t *st) {
    __sync_synchronize();
    st->locked = false;
    call_method(st->release);
}

bool sweep_lock(state_t *st) {
    for (;;) {
        st->sweeping = true;
        __sync_synchronize();
        if (!st->locked) {
            return true;
        }
        st->sweeping = false;
        if (st->acquire == MP_OBJ_NULL) {
            // There is no other thread that is going to unlock.
            return false;
        }
        while (st->locked) {
        }
    }
}

void sweep_unlock(state_t *st) {
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

// Mutual exclusion, where the firmware has threads.
//
// Between lock and unlock nothing is allocated and no Python code runs. So a thread that holds
// the lock always gets on, and the sweep of another one may wait for it.
//
// Where threads run without a GIL, other threads go on while one collects. It looks at the
// roots first, and then at the stack of each thread. If a thread takes a pointer from its stack
// to a place where the collection has been already, before it looks at the stack, the block is
// lost. So a pointer that was stored into something old must stay on the stack until no
// collection is going on that was so before: wait_for_collection.

#include "finaliser.h"

void lock_init(state_t *st) {
    mp_obj_t allocate = state_import(MP_QSTR__thread, MP_QSTR_allocate_lock);
    if (allocate != MP_OBJ_NULL) {
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
}

void unlock(state_t *st) {
    call_method(st->release);
}

void wait_for_collection(state_t *st, void *ptr) {
    void *volatile keep = ptr;
    if (st->acquire != MP_OBJ_NULL) {
        // An allocation waits for the collection that is going on.
        m_free(m_realloc_maybe(NULL, 1, false));
    }
    (void)keep;
}

// SPDX-License-Identifier: MIT
// Finalize handles: callbacks that run after the collection, with the heap usable.
//
// A finalize handle waits in a registry that the collector always sees, and must not keep its object
// alive. So it has no pointer to the object. The object has one, among its attributes, to a
// watcher: a block with the finaliser flag, which nothing else refers to. The watcher dies in the
// same collection as the object. Its __del__ marks the finalize handle as due and has
// `internal` of calls.c scheduled, which runs what is due.
//
//     registry -> finalize handle -> function, arguments
//                     |     ^
//            disguised:     |
//                     v     |
//          object <-> watcher
//
// The sweep that runs __del__ may be that of another thread. So __del__ only stores bytes and
// words that nobody else stores to; the lists are changed elsewhere, under the lock.

#include <string.h>

#include "finaliser.h"

// Set an attribute of an object, or delete it if value is MP_OBJ_NULL, without asking the
// object's class, which may have a __setattr__ of its own: as if the attributes were a dict. The
// key is the finalize handle itself, so attributes that have names cannot clash with it.
static void store_attribute(mp_obj_t obj, fin_t *key, mp_obj_t value) {
    mp_map_t *members = &((mp_obj_instance_t *)MP_OBJ_TO_PTR(obj))->members;
    mp_obj_dict_t dict = { { &mp_type_dict }, *members };
    mp_obj_subscr(MP_OBJ_FROM_PTR(&dict), MP_OBJ_FROM_PTR(key), value);
    *members = dict.map;
}

static block_t *get_watcher(const fin_t *fin) {
    uintptr_t watcher = fin->watcher;
    return watcher == 0 ? NULL : (block_t *)(watcher - 1);
}

static void fin_link(state_t *st, fin_t *fin) {
    mutex_lock(st);
    fin->next = st->registry;
    if (fin->next != NULL) {
        fin->next->prev = fin;
    }
    st->registry = fin;
    mutex_unlock(st);
}

// Make a finalize handle dead. Returns its function, or MP_OBJ_NULL if it was dead before.
static __attribute__((noinline)) mp_obj_t fin_end(fin_t *fin) {
    #if __GCC_ATOMIC_POINTER_LOCK_FREE == 2
    return __atomic_exchange_n(&fin->func, MP_OBJ_NULL, __ATOMIC_ACQ_REL);
    #else
    // On RP2040 a callback in the sweep and the other core may both get it at the very same moment.
    mp_obj_t func = fin->func;
    fin->func = MP_OBJ_NULL;
    return func;
    #endif
}

// The same, and take it out of the registry.
static mp_obj_t fin_unlink(state_t *st, fin_t *fin) {
    mutex_lock(st);
    fin_t *next = fin->next;
    if (fin->prev != NULL) {
        fin->prev->next = next;
    } else if (st->registry == fin) {
        st->registry = next;
    } else {
        next = NULL; // It is out already.
    }
    if (next != NULL) {
        next->prev = fin->prev;
    }
    fin->prev = NULL;
    // A thread that was stopped here may have left it in the registry, where it must not be found again.
    fin->due = false;
    mp_obj_t func = fin_end(fin);
    mutex_unlock(st);
    // A collection may have come as far as this finalize handle, and needs the way on from it.
    wait_for_collection(st, fin);
    fin->next = NULL;
    return func;
}

// The same at the program's wish, while the object may be alive.
static mp_obj_t kill(state_t *st, fin_t *fin) {
    block_t *watcher = get_watcher(fin);
    // As long as it is on the stack, no collection that starts now takes it.
    void *volatile keep = watcher;
    if (!heap_is_usable(st)) {
        // A callback in the sweep calls this. The watcher may be dead and about to be freed, so it is
        // only made to mean nothing. The rest is left to finalize_run_due.
        mp_obj_t func = fin_end(fin);
        if (func != MP_OBJ_NULL) {
            if (watcher != NULL) {
                watcher->obj = MP_OBJ_NULL;
                watcher->fin = NULL;
            }
            finalize_died(st, fin);
        }
        return func;
    }
    mp_obj_t func = fin_unlink(st, fin);
    // A collection that was going on may have taken the watcher.
    if (func != MP_OBJ_NULL && get_watcher(fin) != NULL) {
        fin->watcher = 0;
        store_attribute(watcher->obj, fin, MP_OBJ_NULL);
        block_give(st, watcher);
    }
    (void)keep;
    return func;
}

// The arguments of a dead finalize handle need not stay alive with it.
static void drop_args(fin_t *fin) {
    memset(fin->args, 0, (fin->n_args + 2 * fin->n_kw) * sizeof(mp_obj_t));
}

/******************************************************************************/
// Running what is due

// The newest of those that are due, or NULL.
static fin_t *find_due(state_t *st) {
    mutex_lock(st);
    fin_t *fin = st->registry;
    while (fin != NULL && !fin->due) {
        fin = fin->next;
    }
    mutex_unlock(st);
    return fin;
}

size_t finalize_run_due(state_t *st) {
    size_t n = 0;
    while (st->any_due) {
        // First, so that one which becomes due from now on is not missed.
        st->any_due = false;
        __sync_synchronize();
        for (fin_t *fin; (fin = find_due(st)) != NULL;) {
            mp_obj_t func = fin_unlink(st, fin);
            if (func != MP_OBJ_NULL) {
                n++;
                call_and_print(st, func, fin->n_args, fin->n_kw, fin->args);
                drop_args(fin);
            }
        }
    }
    return n;
}

mp_obj_t finalize_poll(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = state_of(nm);
    // In a sweep the callbacks would find the heap locked. They are scheduled anyway.
    return MP_OBJ_NEW_SMALL_INT(heap_is_usable(st) ? finalize_run_due(st) : 0);
}

// Called in the sweep: ask the scheduler to run what is due.
static void schedule(state_t *st) {
    // What the scheduler is given outlives this collection, which is past marking: see root.c.
    if (st->scheduled || st->schedule == MP_OBJ_NULL) {
        return;
    }
    mp_obj_t args[2] = { st->internal, mp_const_none };
    // First, for another thread may run what is scheduled at once.
    st->scheduled = true;
    if (call_protected(st->schedule, 2, 0, args) == MP_OBJ_NULL) {
        return;
    }
    st->scheduled = false;
    // The scheduler's queue is full. Try again in the next collection.
    if (!st->retrying) {
        st->retrying = block_drop(st);
    }
}

void finalize_retry(state_t *st) {
    st->retrying = false;
    if (st->any_due) {
        schedule(st);
    }
}

void finalize_died(state_t *st, fin_t *fin) {
    fin->watcher = 0;
    fin->due = true;
    st->any_due = true;
    // The stores come before the look at what another thread is doing.
    __sync_synchronize();
    schedule(st);
}

// In the final sweep objects and watchers are as good as dead.
void finalize_end(state_t *st) {
    for (fin_t *fin = st->registry; fin != NULL; fin = fin->next) {
        fin->due |= fin->atexit;
        fin->watcher = 0;
    }
    st->any_due = true;
    finalize_run_due(st);
}

/******************************************************************************/
// The type

// finalize(obj, func, *args, **kwargs)
static mp_obj_t fin_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = state_of(natmod_of_type(type));
    // More arguments of one sort than 255 do not fit the finalize handle.
    mp_arg_check_num(n_kw > 255 ? n_kw : n_args, n_kw, 2, 255, true);
    if (!(mp_obj_get_type(args[0])->flags & MP_TYPE_FLAG_INSTANCE_TYPE)) {
        natmod_raise(st->nm.TypeError, "no Python instance");
    }
    size_t n = n_args - 2 + 2 * n_kw;
    fin_t *fin = m_malloc(sizeof(fin_t) + n * sizeof(mp_obj_t));
    memset(fin, 0, sizeof(fin_t));
    fin->base.type = type;
    fin->n_args = n_args - 2;
    fin->n_kw = n_kw;
    fin->atexit = true;
    fin->func = args[1];
    memcpy(fin->args, args + 2, n * sizeof(mp_obj_t));
    // Without a finalize handle the death of the watcher means nothing. So if hanging it on the object
    // raises an exception, all is as it was.
    block_t *watcher = block_take(st);
    store_attribute(args[0], fin, MP_OBJ_FROM_PTR(watcher));
    watcher->obj = args[0];
    watcher->fin = fin;
    fin->watcher = (uintptr_t)watcher + 1;
    fin_link(st, fin);
    wait_for_collection(st, fin);
    wait_for_collection(st, watcher);
    return MP_OBJ_FROM_PTR(fin);
}
NATMOD_SLOT(make_new, fin_make_new)

// f()
static mp_obj_t fin_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    fin_t *self = MP_OBJ_TO_PTR(self_in);
    mp_obj_t func = kill(state_of(natmod_of_obj(self_in)), self);
    if (func == MP_OBJ_NULL) {
        return mp_const_none;
    }
    mp_obj_t result = mp_call_function_n_kw(func, self->n_args, self->n_kw, self->args);
    drop_args(self);
    return result;
}
NATMOD_SLOT(call, fin_call)

// (obj, func, args, kwargs), or None when the object or the finalize handle is dead.
static mp_obj_t fin_peek(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    const fin_t *self = MP_OBJ_TO_PTR(args[0]);
    const block_t *volatile watcher = get_watcher(self);
    if (watcher == NULL) {
        return mp_const_none;
    }
    mp_obj_t items[4];
    items[2] = mp_obj_new_tuple(self->n_args, self->args);
    items[3] = mp_obj_new_dict(self->n_kw);
    // In a sweep that has raised MemoryError. A collection of another thread is over, and whether it
    // has taken the watcher is known.
    const mp_obj_t *pair = self->args + self->n_args;
    for (size_t i = 0; i < self->n_kw && pair[0] != MP_OBJ_NULL; i++, pair += 2) {
        mp_obj_dict_store(items[3], pair[0], pair[1]);
    }
    if (get_watcher(self) == NULL) {
        return mp_const_none;
    }
    items[0] = watcher->obj;
    // Last: whoever ends the finalize handle clears this first.
    __sync_synchronize();
    items[1] = self->func;
    return items[1] == MP_OBJ_NULL ? mp_const_none : mp_obj_new_tuple(4, items);
}

static mp_obj_t fin_detach(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_obj_t result = fin_peek(nm, n_args, n_kw, args);
    fin_t *self = MP_OBJ_TO_PTR(args[0]);
    if (natmod_is_none(result) || kill(state_of(nm), self) == MP_OBJ_NULL) {
        return mp_const_none;
    }
    drop_args(self);
    return result;
}

static void fin_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    fin_t *self = MP_OBJ_TO_PTR(self_in);
    state_t *st = state_of(natmod_of_obj(self_in));
    bool alive = self->func != MP_OBJ_NULL;
    if (dest[0] == MP_OBJ_NULL) {
        if (attr == MP_QSTR_alive) {
            dest[0] = mp_obj_new_bool(alive);
        } else if (attr == MP_QSTR_atexit) {
            dest[0] = mp_obj_new_bool(alive && self->atexit);
        } else if (attr == MP_QSTR_peek || attr == MP_QSTR_detach) {
            dest[0] = attr == MP_QSTR_peek ? st->peek : st->detach;
            dest[1] = self_in;
        }
    } else if (dest[1] != MP_OBJ_NULL && attr == MP_QSTR_atexit) {
        self->atexit = mp_obj_is_true(dest[1]);
        dest[0] = MP_OBJ_NULL;
    }
}
NATMOD_SLOT(attr, fin_attr)

void finalize_init(state_t *st) {
    natmod_t *nm = &st->nm;
    mp_obj_type_t *type = natmod_type_new(nm, MP_QSTR_finalize, MP_TYPE_FLAG_NONE, 3);
    NATMOD_SET_SLOT(type, make_new, fin_make_new, 1);
    NATMOD_SET_SLOT(type, call, fin_call, 2);
    NATMOD_SET_SLOT(type, attr, fin_attr, 3);
    st->fin_type = type;
    st->peek = natmod_fun_new(nm, fin_peek, 1, 1, false);
    st->detach = natmod_fun_new(nm, fin_detach, 1, 1, false);
    st->schedule = natmod_import_maybe(MP_QSTR_micropython, MP_QSTR_schedule);
    st->canary = block_take(st);
    mp_obj_t atexit = natmod_import_maybe(MP_QSTR_sys, MP_QSTR_atexit);
    if (atexit != MP_OBJ_NULL) {
        mp_obj_t before = mp_call_function_n_kw(atexit, 1, 0, &st->internal);
        if (!natmod_is_none(before)) {
            st->before = before;
        }
    }
}

# SPDX-License-Identifier: MIT
# The final sweep uses no lock: its holder may have been stopped with the other threads. (A faked
# _thread has the lock.)
# needs: finaliserproxy
# not: unix-*
# flake8: noqa: E402,F811

import sys
import check
from check import case, eq, true


class Lock:
    acquired = 0
    holder_is_stopped = False

    def acquire(self):
        Lock.acquired += 1
        if Lock.holder_is_stopped:
            print("waits for ever")

    def release(self):
        pass


class Thread:
    allocate_lock = Lock


sys.modules["_thread"] = Thread
try:
    from finaliserproxy import finalize
finally:
    del sys.modules["_thread"]


class Obj:
    pass


obj = Obj()
finalize(obj, print, "called at the end")


@case
def lock_is_used():
    before = Lock.acquired
    finalize(obj, print, "this one, too")
    true(Lock.acquired > before)


Lock.holder_is_stopped = True
check.end()

# --- soft reset ---
import check
from check import case, eq


@case
def nothing_waited():
    eq(check.reset_output, "this one, too\ncalled at the end\n")


check.end()

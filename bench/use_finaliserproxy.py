# SPDX-License-Identifier: MIT
# Uses every function, class and method of finaliserproxy once, as memory is measured after that.


def use(m):
    class Thing(m.FinaliserProxy):
        def __init__(self):
            super().__init__(self.callback)

        def callback(self):
            pass

    thing = Thing()
    m.alive(thing)
    m.close(thing)
    m.detach(Thing())
    finalizer = m.finalize(thing, len, ())
    finalizer.atexit = False
    finalizer.alive, finalizer.peek(), finalizer()
    m.finalize(thing, len, ()).detach()
    m.poll()
    m.source(), m.version, m.__version__

# SPDX-License-Identifier: MIT
# A class whose objects say goodbye: MicroPython calls __del__ of Python classes only with the
# help of finaliserproxy.
import gc
from finaliserproxy import FinaliserProxy


class Thing(FinaliserProxy):
    def __init__(self, name):
        super().__init__(self.__del__)
        self.name = name

    def __del__(self):
        print("finalised", self.name)


for i in range(20):
    thing = Thing("thing %d" % i)
    if i % 4 == 3:
        print("collection", i // 4 + 1)
        gc.collect()

del thing
print("last collection")
gc.collect()
print("DONE")

# SPDX-License-Identifier: MIT
"""What deploy.py has a board run, to learn about it and about its modules."""

import natmods
from shapes import OneOf

# What is in the file of a flavour and in that of no other.
MARKS = {natmods.SMALL: b"+small", natmods.IN_PLACE: b".blk is "}

# Runs on a board after a line that sets `marks`. digest(f) is a file's digest, and its flavour.
DIGEST = """
class Adler32:
    # For firmware without hashlib, as SAMD21 boards have it.
    def __init__(self):
        self.a, self.b = 1, 0
    def update(self, data):
        for c in data:
            self.a = (self.a + c) % 65521
            self.b = (self.b + self.a) % 65521
    def digest(self):
        return bytes((self.b >> 8, self.b & 255, self.a >> 8, self.a & 255))

def digest(f):
    try:
        from hashlib import sha256 as Hash
    except ImportError:
        Hash = Adler32
    s = Hash()
    end = b''
    flavour = 'full'
    with open(f, 'rb') as o:
        b = o.read(512)
        while b:
            s.update(b)
            for n in marks:
                if marks[n] in end + b:
                    flavour = n
            end = b[-8:]
            b = o.read(512)
    return ''.join('%02x' % c for c in s.digest()), flavour
"""

_MEMORY = """
import gc, os, sys
gc.collect()
ram = gc.mem_free()
"""

_ABOUT = """
i = sys.implementation
libs = [p for p in sys.path if p.endswith('/lib') and not p.startswith('/rom/')]
lib = libs[0] if libs else ''
d = {'version': tuple(i[1])[:3], 'mpy': getattr(i, '_mpy', 0), 'lib': lib, 'has_lib': True}
d['name'] = i[0]
d['ram'] = ram
d['path'] = list(sys.path)
d['machine'] = getattr(i, '_machine', sys.platform)
d['found'] = []
for p in sys.path:
    for m in modules:
        for e in ('', '.py', '.mpy'):
            f = (p + '/' if p else '') + m + e
            try:
                s = os.stat(f)
                if e or s[0] & 0x4000:
                    d['found'].append((f, s[6]) + (digest(f) if e else ('', 'full')))
            except Exception:
                pass
d['leftovers'] = []
for f in [m + e + '.new' for m in modules for e in ('.py', '.mpy')] + blocks:
    f = lib + '/' + f
    try:
        d['leftovers'].append((f, os.stat(f)[6]))
    except Exception:
        pass
try:
    os.stat(lib)
except Exception:
    d['has_lib'] = False
try:
    v = os.statvfs(lib if d['has_lib'] else lib[:-4] or '/')
    d['block'], d['free'] = v[0], v[0] * v[3]
except Exception:
    d['block'] = d['free'] = 0
d['esp8266'] = None
try:
    import esp
    if hasattr(esp, 'set_native_code_location'):
        d['esp8266'] = esp.flash_user_start()
except Exception:
    pass
print('@deploy', repr(d))
"""

# Runs on a board with any firmware, after lines that set `modules`, `marks` and `blocks`.
ASK = _MEMORY + DIGEST + _ABOUT
BOARD = {
    "version": (int, int, int),
    "mpy": int,
    "lib": str,
    "has_lib": bool,
    "name": str,
    "ram": int,
    "path": [str],
    "machine": str,
    # Names, sizes, digests ("" for a folder) and flavours.
    "found": [(str, int, str, OneOf(natmods.FULL, *MARKS))],
    "leftovers": [(str, int)],
    "block": int,
    "free": int,
    "esp8266": OneOf(None, int),
}

# Runs on the board, after a line that sets `modules`: measures how much each import grows the
# heap.
IMPORT = """
import gc, sys
d = {}
for m in modules:
    gc.collect()
    n = gc.mem_alloc()
    try:
        __import__(m)
    except BaseException as e:
        d[m] = {'error': (type(e).__name__, str(e)), 'free': gc.mem_free()}
        break
    gc.collect()
    i = sys.modules[m]
    d[m] = {'growth': gc.mem_alloc() - n, 'file': getattr(i, '__file__', '')}
    d[m]['version'] = str(getattr(i, '__version__', ''))
print('@deploy', repr(d))
"""
_WORKS = {"growth": int, "file": str, "version": str}
_FAILS = {"error": (str, str), "free": int}


def about(modules, source):
    """One of the programs above, for the modules."""
    # What the small flavour executes in flash, and what was to become that.
    blocks = [f"{m}.blk{e}" for m in modules if m in natmods.WITH_SMALL for e in ("", ".new")]
    names = {"modules": tuple(modules), "marks": MARKS, "blocks": blocks}
    return "".join(f"{name} = {value!r}\n" for name, value in names.items()) + source


def importing(modules):
    """The program that imports the modules, and the shape of its answer."""
    # The first import that fails is the last one.
    shapes = [dict.fromkeys(modules, _WORKS)]
    for i, module in enumerate(modules):
        shapes.append({**dict.fromkeys(modules[:i], _WORKS), module: _FAILS})
    return about(modules, IMPORT), OneOf(*shapes)

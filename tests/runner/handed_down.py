# SPDX-License-Identifier: MIT
"""What make hands down in the environment to all that it runs.

Another make that is started from there must not take these flags and settings for its own.
"""

OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS")
# The settings of the top Makefile but MPY_DIR, which says what the tests are to use, too.
SETTINGS = """ARCH BITS BOARD BUDGET CROSS CROSS_xtensawin DIST DOC FILES FORCE FULL FUZZ IN_PLACE
    LENGTH MODULE OP PART PORT RECORD ROLE SMALL STEP TARGET TIME URL V""".split()


def without(environ, *more):
    """The environment without these, and without the variables named."""
    names = {*OF_MAKE, *SETTINGS, *more}
    return {name: value for name, value in environ.items() if name not in names}

# SPDX-License-Identifier: MIT
# What the Makefiles of this repository's own modules share: all modules are built into one folder,
# with the fetched MicroPython tree unless MPY_DIR= says otherwise, and have the release's version.
# Included after the settings that dynruntime/toolkit.mk describes.

HERE := $(realpath $(dir $(lastword $(MAKEFILE_LIST)))/..)
MPY_DIR ?= $(HERE)/build/deps/micropython
BUILD_DIR ?= $(HERE)/build
NATMOD_VERSION := $(shell cat $(HERE)/VERSION)
NATMOD_SETUP = run: make setup
include $(HERE)/dynruntime/toolkit.mk

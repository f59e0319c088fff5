# SPDX-License-Identifier: MIT
"""The test runner: one module per concern, main.py ties them together."""

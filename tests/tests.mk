# SPDX-License-Identifier: MIT
# The goals of the top Makefile that run something on targets. Its variables are explained there.

# Not in the help: the runner names it when an interpreter is missing.
interpreter: modules bytecode
	$(SUBMAKE) $(JOBS) -f tests/boards/boards.mk interpreter TARGET=$(INTERPRETERS)

demo: interpreter ## show an emulated Pico without a network fetch a page through a co-processor
	@$(call PYTHON_FOR,elftools) tests/demo.py

examples: interpreter ## run the examples on stock MicroPython  [TARGET=unix-x64]
	@for program in $(filter-out %.check.py,$(wildcard examples/*.py)); do \
		for target in $(subst $(comma), ,$(EXAMPLES_TARGET)); do \
			echo; echo "== $$program on $$target"; \
			$(call PYTHON_FOR,elftools) tests/run.py --program $$program --target $$target || exit; \
		done; \
	done

test: interpreter ## run all tests on all targets  [TARGET=...]
	@$(call PYTHON_FOR,elftools) tests/run.py $(if $(TARGET),--target $(TARGET))

test-long: interpreter ## the same with what takes too long for every day  [PART=pico,unix] [TARGET=...]
	@TEST_LONG=1 $(call PYTHON_FOR,elftools) tests/run.py $(if $(TARGET),--target $(TARGET),--parts '$(PART)')

# It asks the board for its ARCH, and then makes that.
test-board: ready ## run the tests on a real board, see docs/hardware.md  [PORT=/dev/ttyACM0] [FILES=...]
	+@$(call PYTHON_FOR,elftools msgpack serial) tests/board.py --port '$(PORT)' $(FILES)

coverage: interpreter ## which lines of C the tests run, and which they do not
	@$(call PYTHON_FOR,elftools serial msgpack) tests/host/_coverage.py

fuzz: ready ## fuzz msgpack  [TIME=600] [FUZZ=decoder,streams,unpacker,encoder] [BITS=64,32] [LENGTH=32] [RECORD=1]
	@$(call PYTHON_FOR,json) tests/host/fuzz/run.py $(if $(TIME),--time $(TIME)) $(if $(FUZZ),--targets $(FUZZ)) \
		$(if $(BITS),--bits $(BITS)) $(if $(LENGTH),--length $(LENGTH)) $(if $(RECORD),--record)

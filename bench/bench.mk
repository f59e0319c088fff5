# SPDX-License-Identifier: MIT
# The bench and the budget of sizes, included by the top Makefile.
#
# make bench:
#   OP=packb,loads   only operations that begin with one of these
#   DOC=a,d          only these documents
#   TARGET=...       only on these of rpi-pico, mps2-an385 (the Cortex-M3) and unix-x64
# Without any of these it writes results.json, the charts, and the tables of the documents.
#
# make size:
#   ARCH=...         only of these architectures
#   BUDGET=write     make bench/budget.json fit
#
# make stack:
#   BUDGET=write     make bench/stack.json fit

machine_rpi-pico := rpi-pico
machine_mps2-an385 := cortex-m3
machine_unix-x64 := x64
BENCH_MACHINES = $(foreach t,$(subst $(comma), ,$(TARGET)),$(machine_$(firstword $(subst /, ,$t))))
BENCH_ARGS = $(if $(TARGET),--machine '$(BENCH_MACHINES)') $(if $(OP),--op '$(OP)') $\
	$(if $(DOC),--doc '$(DOC)')

bench: interpreter ## count instructions and heap bytes  [OP=packb,loads] [DOC=a,d]
	@$(call PYTHON_FOR,elftools serial msgpack) bench/run.py $(BENCH_ARGS)

size: interpreter ## sizes of files and in RAM, and what the budget allows  [ARCH=...]
	@$(call PYTHON_FOR,elftools serial msgpack) bench/size.py $(if $(filter write,$(BUDGET)),--write) $(SIZE_ARCHS)

stack: interpreter ## C stack that the functions take on Cortex-M, and what the budget allows
	@$(call PYTHON_FOR,elftools serial msgpack) bench/stack.py $(if $(filter write,$(BUDGET)),--write)

# The architectures that can be built with this tree.
SIZE_ARCHS = $$(tools/tree.sh archs '$(MPY_DIR)' $(WANTED))

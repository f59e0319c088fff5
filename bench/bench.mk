# The bench, included by the top Makefile.
#   OP=packb,loads   only operations whose names begin so
#   DOC=a,d          only these documents

BENCH_ARGS = $(if $(OP),--op $(OP)) $(if $(DOC),--doc $(DOC))

bench: interpreter
	@$(call PYTHON_FOR,elftools serial msgpack) bench/run.py $(BENCH_ARGS)

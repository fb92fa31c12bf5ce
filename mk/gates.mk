# gates.mk -- the house rules that a machine can check. Each gate is one small script in tools/; it
# names the file and line, and says what to do. The last one breaks every rule in a scratch tree and
# expects every gate to object.

GATES := files includes banned functions portable shell symbols

gates: $(addprefix gate-,$(GATES)) gate-selftest
gate-selftest: $(addprefix gate-,$(GATES))

gate-files gate-includes gate-banned gate-functions gate-portable gate-shell:
	$(say) GATE $(@:gate-%=%)
	$(Q)sh tools/$@.sh .

gate-symbols: $(CORE_LIB)
	$(say) GATE symbols
	$(Q)sh tools/gate-symbols.sh $(CORE_LIB) tools/core-symbols.txt

gate-selftest:
	$(say) GATE selftest
	$(Q)CC='$(CC)' sh tools/gates-selftest.sh

.PHONY: $(addprefix gate-,$(GATES)) gate-selftest

# cli.mk -- what troth writes about itself: man pages and completions, from its one table of commands.

TROTH_DOCS := $(if $(TROTH),$(OUT)/man/troth.1 $(OUT)/completions/bash/troth)

$(OUT)/man/troth.1: $(TROTH)
	$(say) WRITE $(@D)
	$(Q)mkdir -p $(@D) && $(TROTH) --write-man $(@D)

$(OUT)/completions/bash/troth: $(TROTH)
	$(say) WRITE $(OUT)/completions
	$(Q)mkdir -p $(OUT)/completions && $(TROTH) --write-completions $(OUT)/completions

all: $(TROTH_DOCS)

install: install-docs
install-docs: $(TROTH_DOCS)
	install -d '$(DESTDIR)$(PREFIX)/share/man/man1' '$(DESTDIR)$(PREFIX)/share/bash-completion/completions' \
		'$(DESTDIR)$(PREFIX)/share/zsh/site-functions'
	install -m 644 $(OUT)/man/*.1 '$(DESTDIR)$(PREFIX)/share/man/man1'
	install -m 644 $(OUT)/completions/bash/troth '$(DESTDIR)$(PREFIX)/share/bash-completion/completions'
	install -m 644 $(OUT)/completions/zsh/_troth '$(DESTDIR)$(PREFIX)/share/zsh/site-functions'

.PHONY: install-docs

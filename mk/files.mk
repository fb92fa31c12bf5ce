# files.mk -- every source of the product, named once, for native and wasm32 alike.
# A new file is added here, in its folder's list, and nowhere else.

BASE_SRC := \
	src/base/arena.c \
	src/base/assert.c \
	src/base/base32.c \
	src/base/cbor.c \
	src/base/err.c \
	src/base/out.c \
	src/base/str.c

RECORD_SRC := \
	src/record/account.c \
	src/record/aead.c \
	src/record/answer.c \
	src/record/chain.c \
	src/record/challenge.c \
	src/record/circle.c \
	src/record/circle_save.c \
	src/record/code.c \
	src/record/entry.c \
	src/record/epoch.c \
	src/record/hash.c \
	src/record/headtoken.c \
	src/record/index.c \
	src/record/invite.c \
	src/record/pad.c \
	src/record/payload.c \
	src/record/phrase.c \
	src/record/redact.c \
	src/record/round.c \
	src/record/round_act.c \
	src/record/secret.c \
	src/record/statement.c

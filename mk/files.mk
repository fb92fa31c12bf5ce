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
	src/record/code.c \
	src/record/hash.c

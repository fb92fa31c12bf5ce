/* pem.c -- see pem.h. */
#include "server/pem.h"

#include <stdio.h>
#include <stdlib.h>

#include "record/hash.h"

enum err pem_read(struct pem *pem, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return ERR_NOT_FOUND;
    setbuf(file, NULL); /* no copy of a key stays behind in a buffer */
    struct pem read = {.text = calloc(1, PEM_BYTES + 1)};
    enum err e = read.text == NULL ? ERR_NO_MEMORY : ERR_OK;
    if (e == ERR_OK) {
        size_t n = fread(read.text, 1, PEM_BYTES, file);
        if (ferror(file)) e = ERR_STORE;
        else if (fgetc(file) != EOF || strlen(read.text) != n) e = ERR_BAD_FIELD;
    }
    fclose(file);
    if (e == ERR_OK) *pem = read;
    else pem_wipe(&read);
    return e;
}

void pem_wipe(struct pem *pem)
{
    if (pem->text == NULL) return;
    wipe(pem->text, PEM_BYTES + 1);
    free(pem->text);
    pem->text = NULL;
}

#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digits.h"
#include "base/length.h"
#include "server/server.h"

bool token_is(const char *token, const char *given)
{
    size_t token_len = strlen(token), given_len = strlen(given);
    unsigned char differs = token_len != given_len;

    for (size_t i = 0; i < given_len; i++)
        differs |= (unsigned char)(given[i] ^ token[token_len ? i % token_len : 0]);
    return !differs;
}

/* In place. What is no %XX stays as it is; so does a `+`, which scripts forget to encode, and %00,
 * which would hide what follows it. */
static void decode(char *text)
{
    char *to = text;

    while (*text) {
        int high = text[0] == '%' ? hex_digit(text[1]) : -1;
        int low = high >= 0 ? hex_digit(text[2]) : -1;
        bool coded = low >= 0 && high + low > 0;
        *to++ = coded ? (char)(high * 16 + low) : *text;
        text += coded ? 3 : 1;
    }
    *to = '\0';
}

static bool is_bearer(const char *token, const char *header)
{
    if (!header || strncasecmp(header, "bearer ", 7) != 0)
        return false;
    header += 7;
    return token_is(token, header + strspn(header, " "));
}

bool token_is_shown(const char *token, const struct request_head *request)
{
    char given[3 * SERVER_TOKEN_MAX + 1];

    if (is_bearer(token, request->authorization))
        return true;
    if (!request_query(request, "token", given, sizeof(given)))
        return false;
    decode(given);
    return token_is(token, given);
}

static void encode(const char *token, char *to)
{
    static const char plain[] = "-._~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    for (; *token; token++) {
        if (strchr(plain, *token))
            *to++ = *token;
        else
            to += sprintf(to, "%%%02X", (unsigned char)*token);
    }
    *to = '\0';
}

/* The end of the next link to a file of ours, or NULL. */
static const char *next_link(const char *at, const char *end)
{
    static const char *const links[] = {"\"page.css\"", "\"page.js\""};
    const char *next = NULL;

    for (size_t i = 0; i < LENGTH(links); i++) {
        size_t len = strlen(links[i]);
        const char *found = memmem(at, (size_t)(end - at), links[i], len);
        if (found && (!next || found + len - 1 < next))
            next = found + len - 1;
    }
    return next;
}

char *token_into_page(const char *token, const unsigned char *page, size_t len, size_t *new_len)
{
    char parameter[7 + 3 * SERVER_TOKEN_MAX + 1] = "?token=";
    const char *at = (const char *)page, *end = at + len, *link;
    char *text = NULL;
    FILE *out = open_memstream(&text, new_len);

    if (!out)
        return NULL;
    encode(token, parameter + 7);
    while ((link = next_link(at, end))) {
        fwrite(at, 1, (size_t)(link - at), out);
        fputs(parameter, out);
        at = link;
    }
    fwrite(at, 1, (size_t)(end - at), out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

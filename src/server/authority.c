#include "authority.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/digits.h"

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
}

static bool parse_port(const char *text, struct authority *authority)
{
    size_t len = strlen(text);

    if (len == 0 || len >= sizeof(authority->port) || strspn(text, "0123456789") != len)
        return false;
    memcpy(authority->port, text, len + 1);
    return true;
}

static bool parse_rest(const char *rest, struct authority *authority)
{
    authority->port[0] = '\0';
    return *rest == '\0' || (*rest == ':' && parse_port(rest + 1, authority));
}

static bool parse_bracketed(const char *text, struct authority *authority)
{
    const char *end = strchr(text, ']');
    struct in6_addr address;

    if (!end || (size_t)(end - text - 1) >= INET6_ADDRSTRLEN)
        return false;
    char literal[INET6_ADDRSTRLEN] = "";
    memcpy(literal, text + 1, end - text - 1);
    if (inet_pton(AF_INET6, literal, &address) != 1)
        return false;
    /* One spelling an address: 0:0:0:0:0:0:0:1 is ::1. */
    inet_ntop(AF_INET6, &address, authority->name, sizeof(authority->name));
    authority->bracketed = true;
    return parse_rest(end + 1, authority);
}

bool authority_parse(const char *text, struct authority *authority)
{
    size_t n = 0;

    memset(authority, 0, sizeof(*authority));
    if (text[0] == '[')
        return parse_bracketed(text, authority);
    for (; text[n] && text[n] != ':'; n++) {
        char c = text[n] >= 'A' && text[n] <= 'Z' ? (char)(text[n] + 'a' - 'A') : text[n];
        if (n == NAME_MAX_LENGTH || !is_name_character(c))
            return false;
        authority->name[n] = c;
    }
    return n > 0 && parse_rest(text + n, authority);
}

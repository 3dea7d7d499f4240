#include "base/utf8.h"

size_t utf8_character(const char *text, size_t left)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t len = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

    if (len == 1)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xed && at[1] > 0x9f;
    bool too_high = at[0] == 0xf4 && at[1] > 0x8f;
    return overlong || surrogate || too_high ? 0 : len;
}

bool utf8_is_valid(const char *text, size_t len)
{
    while (len) {
        size_t n = utf8_character(text, len);
        if (n == 0)
            return false;
        text += n;
        len -= n;
    }
    return true;
}

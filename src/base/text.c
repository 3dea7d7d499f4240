#include "base/text.h"

size_t text_control(const char *text)
{
    const unsigned char first = (unsigned char)text[0];

    if (first == 0)
        return 0;
    if (first < 0x20 || first == 0x7f)
        return 1;
    if (first != 0xc2)
        return 0;
    const unsigned char second = (unsigned char)text[1];
    return second >= 0x80 && second < 0xa0 ? 2 : 0;
}

bool text_has_control(const char *text)
{
    for (; *text; text++) {
        if (text_control(text))
            return true;
    }
    return false;
}

void text_blank_controls(char *text)
{
    char *out = text;

    while (*text) {
        const size_t len = text_control(text);
        *out++ = len ? ' ' : *text;
        text += len ? len : 1;
    }
    *out = '\0';
}

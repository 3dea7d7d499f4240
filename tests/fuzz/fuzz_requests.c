/* Heads of HTTP requests: taken apart, judged, and their token looked at. */
#include <ctype.h>

#include "access.h"
#include "hold.h"
#include "input.h"
#include "range.h"
#include "request.h"
#include "server/server.h"
#include "token.h"

#define TOKEN "0123456789abcdef%+"

static void hold_inside(const char *head, size_t len, const char *field)
{
    HOLD(!field || (field >= head && field + strlen(field) < head + len));
}

static void hold_fields(const char *head, size_t len, const struct request_head *request)
{
    const char *const fields[] = {
        request->method,
        request->host,
        request->origin,
        request->authorization,
        request->fetch_site,
        request->fetch_mode,
        request->fetch_dest,
        request->purpose,
        request->range,
        request->if_range,
        request->preflight_method,
        request->private_network,
        request->key,
        request->version,
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        hold_inside(head, len, fields[i]);
    /* A target of scheme and host alone has no path of its own. */
    if (strcmp(request->path, "/") != 0)
        hold_inside(head, len, request->path);
    HOLD(request->path[0] == '/' && request->method[0]);
    HOLD(request->host || request->http_1_0);
}

static void judge(const struct request_head *request)
{
    static const char *const hosts[] = {"band.example"}, *const origins[] = {"https://a.example"};
    const struct access_rules rules = {.allow_host = hosts,
                                       .allow_host_count = 1,
                                       .allow_origin = origins,
                                       .allow_origin_count = 1};
    const struct access_request asked = {.host = request->host,
                                         .origin = request->origin,
                                         .fetch_site = request->fetch_site,
                                         .fetch_mode = request->fetch_mode,
                                         .fetch_dest = request->fetch_dest,
                                         .purpose = request->purpose,
                                         .local_address = "127.0.0.1",
                                         .websocket = request->key != NULL};
    enum access_verdict verdict = access_judge(&rules, &asked);

    HOLD(verdict >= ACCESS_OK && verdict <= ACCESS_CROSS_SITE);
    HOLD((verdict <= ACCESS_RESTRICTED) == (access_advice(verdict)[0] == '\0'));
}

static void ask(const struct request_head *request)
{
    char value[64];

    if (request_query(request, "token", value, sizeof(value)))
        HOLD(strlen(value) < sizeof(value) && !strchr(value, '&'));
    /* Nothing but the token itself opens: both ways to show it hold it, or percent signs. */
    if (token_is_shown(TOKEN, request))
        HOLD((request->authorization && strstr(request->authorization, TOKEN)) ||
             strstr(request->query, "token="));
    size_t first = 0, len = 0;
    if (range_parse(request->range, 1000, &first, &len) == RANGE_PART)
        HOLD(len > 0 && first < 1000 && len <= 1000 - first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = request_head_length((const char *)data, size);
    struct request_head request;

    if (len == 0)
        return 0;
    HOLD(len <= size && memcmp(data + len - 4, "\r\n\r\n", 4) == 0);
    char *head = malloc(len);
    HOLD(head);
    memcpy(head, data, len);
    if (request_parse(head, len, &request)) {
        hold_fields(head, len, &request);
        judge(&request);
        ask(&request);
    }
    free(head);
    return 0;
}

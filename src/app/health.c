/* GET /health: what health_check tells, with a status for those who look at no more. */
#include "app/observed.h"

void health_answer(void *user, const struct http_request *request, struct http_response *response)
{
    const struct observed *observed = user;
    struct json json;

    (void)request;
    json_init(&json);
    json_begin_object(&json);
    const bool well = protocol_put_health(*observed->protocol, &json);
    json_end_object(&json);
    http_reply_text(response, well ? 200 : 503, "application/json", json.text, json.len);
    json_finish(&json);
}

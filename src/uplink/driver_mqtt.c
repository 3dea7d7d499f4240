/*
 * MQTT 3.1.1, by libmosquitto on a thread of its own. QoS 1, topic = subject with slashes. What
 * waits is the window's: the library is never given more than that, so that its own queue, which
 * knows no limit, holds nothing else.
 */
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "handoff.h"

#define KEEPALIVE_S 20
#define HOST_SIZE   256

/* A message under way, by the library's number of it. */
struct under_way {
    int number;
    char id[WINDOW_ID_SIZE];
};

struct mqtt {
    struct driver base;
    uv_loop_t *loop;
    struct driver_options options;
    struct driver_listener listener;
    struct handoff handoff;
    uv_work_t work;
    bool is_working, destroying, running;
    char host[HOST_SIZE];
    int port;
    bool tls;
    struct mosquitto *session; /* NULL: none */
    uv_mutex_t mutex;          /* of what follows: the library's thread reads it */
    struct under_way under_way[WINDOW_MAX];
    size_t under_way_count;
    char why[HANDOFF_WHY_SIZE];
    void (*done)(void *user);
    void *done_user;
};

/* ---- on the library's thread */

static void on_connect(struct mosquitto *session, void *user, int result)
{
    struct mqtt *mqtt = user;

    (void)session;
    if (result == 0)
        handoff_put(&mqtt->handoff, HANDOFF_UP, NULL, NULL);
    else
        handoff_put(&mqtt->handoff, HANDOFF_DOWN, NULL, mosquitto_connack_string(result));
}

static void on_disconnect(struct mosquitto *session, void *user, int result)
{
    struct mqtt *mqtt = user;

    (void)session;
    handoff_put(&mqtt->handoff, HANDOFF_DOWN, NULL,
                result == 0 ? "the server said farewell" : mosquitto_strerror(result));
}

static void on_publish(struct mosquitto *session, void *user, int number)
{
    struct mqtt *mqtt = user;
    char id[WINDOW_ID_SIZE] = "";

    (void)session;
    uv_mutex_lock(&mqtt->mutex);
    for (size_t i = 0; i < mqtt->under_way_count; i++) {
        if (mqtt->under_way[i].number != number)
            continue;
        memcpy(id, mqtt->under_way[i].id, sizeof(id));
        mqtt->under_way[i] = mqtt->under_way[--mqtt->under_way_count];
        break;
    }
    uv_mutex_unlock(&mqtt->mutex);
    if (id[0]) /* else it was told, not published */
        handoff_put(&mqtt->handoff, HANDOFF_ACKED, id, NULL);
}

/* ---- connecting and ending, in libuv's pool: both wait */

static void make_topic(char topic[TOPIC_SIZE], const char *subject)
{
    size_t i = 0;

    for (; subject[i] && i < TOPIC_SIZE - 1; i++)
        topic[i] = subject[i] == '.' ? '/' : subject[i];
    topic[i] = '\0';
}

static int set_will(struct mqtt *mqtt)
{
    static const char offline[] = "offline";
    char topic[TOPIC_SIZE];

    make_topic(topic, mqtt->options.status);
    return mosquitto_will_set(mqtt->session, topic, sizeof(offline) - 1, offline, 1, true);
}

static int mqtt_set_options(struct mqtt *mqtt)
{
    const struct driver_options *wanted = &mqtt->options;
    int result = set_will(mqtt);

    mosquitto_connect_callback_set(mqtt->session, on_connect);
    mosquitto_disconnect_callback_set(mqtt->session, on_disconnect);
    mosquitto_publish_callback_set(mqtt->session, on_publish);
    mosquitto_max_inflight_messages_set(mqtt->session, WINDOW_MAX);
    if (result == MOSQ_ERR_SUCCESS && wanted->username)
        result = mosquitto_username_pw_set(mqtt->session, wanted->username, wanted->password);
    if (result == MOSQ_ERR_SUCCESS && mqtt->tls)
        result = mosquitto_tls_set(mqtt->session, wanted->ca, wanted->ca ? NULL : "/etc/ssl/certs",
                                   NULL, NULL, NULL);
    return result;
}

static void mqtt_connect_in_pool(uv_work_t *work)
{
    struct mqtt *mqtt = work->data;
    int result = MOSQ_ERR_NOMEM;

    /* Of its own id: a server that still has the connection before this one ends that first, and
     * not after the keepalive, with a last will behind what this one tells. */
    mqtt->session = mosquitto_new(mqtt->options.client, true, mqtt);
    if (mqtt->session)
        result = mqtt_set_options(mqtt);
    if (result == MOSQ_ERR_SUCCESS)
        result = mosquitto_connect(mqtt->session, mqtt->host, mqtt->port, KEEPALIVE_S);
    if (result == MOSQ_ERR_SUCCESS)
        result = mosquitto_loop_start(mqtt->session);
    mqtt->running = result == MOSQ_ERR_SUCCESS;
    snprintf(mqtt->why, sizeof(mqtt->why), "%s", mqtt->running ? "" : mosquitto_strerror(result));
}

static void mqtt_end_in_pool(uv_work_t *work)
{
    struct mqtt *mqtt = work->data;

    /* One that is up ends without a farewell, after which the server would not tell the last will.
     * One that is down is told not to be made again: its thread would be cancelled at that. */
    if (mqtt->running && mqtt->why[0])
        mosquitto_disconnect(mqtt->session);
    if (mqtt->running)
        mosquitto_loop_stop(mqtt->session, true);
    if (mqtt->session)
        mosquitto_destroy(mqtt->session);
    mqtt->session = NULL;
    mqtt->running = false;
    mqtt->under_way_count = 0;
}

static void mqtt_on_handoff_closed(void *user)
{
    struct mqtt *mqtt = user;
    void (*done)(void *user) = mqtt->done;
    void *done_user = mqtt->done_user;

    uv_mutex_destroy(&mqtt->mutex);
    mosquitto_lib_cleanup();
    free(mqtt);
    done(done_user);
}

static void mqtt_after_end(uv_work_t *work, int status)
{
    struct mqtt *mqtt = work->data;

    (void)status;
    mqtt->is_working = false;
    if (mqtt->destroying)
        handoff_close(&mqtt->handoff, mqtt_on_handoff_closed);
    else
        mqtt->listener.down(mqtt->listener.user, mqtt->why);
}

static void end(struct mqtt *mqtt)
{
    mqtt->is_working = true;
    uv_queue_work(mqtt->loop, &mqtt->work, mqtt_end_in_pool, mqtt_after_end);
}

static void mqtt_after_connect(uv_work_t *work, int status)
{
    struct mqtt *mqtt = work->data;

    (void)status;
    mqtt->is_working = false;
    if (mqtt->destroying || !mqtt->running)
        end(mqtt);
}

/* ---- on the loop's thread */

static void mqtt_take(void *user, const struct handoff_note *note)
{
    struct mqtt *mqtt = user;
    const struct driver_listener *listener = &mqtt->listener;

    if (mqtt->destroying || !mqtt->session || (mqtt->is_working && note->kind != HANDOFF_UP))
        return; /* of a connection that is being ended */
    switch (note->kind) {
    case HANDOFF_UP:
        listener->up(listener->user);
        break;
    case HANDOFF_ACKED:
    case HANDOFF_DUPLICATE:
        listener->acked(listener->user, note->id, false);
        break;
    case HANDOFF_REFUSED:
        break;
    case HANDOFF_DOWN:
        snprintf(mqtt->why, sizeof(mqtt->why), "%s", note->why);
        end(mqtt);
        break;
    }
}

/* scheme://host[:port], the host perhaps in brackets. */
static bool read_url(struct mqtt *mqtt, const char *url)
{
    char scheme[8], rest[HOST_SIZE];

    if (sscanf(url, "%7[a-z]://%255[^/]", scheme, rest) != 2)
        return false;
    mqtt->tls = strcmp(scheme, "mqtts") == 0;
    mqtt->port = mqtt->tls ? 8883 : 1883;
    const char *bracket = strchr(rest, ']');
    char *colon = strrchr(bracket ? bracket : rest, ':');
    if (colon) {
        *colon = '\0';
        mqtt->port = atoi(colon + 1);
    }
    snprintf(mqtt->host, sizeof(mqtt->host), "%.*s", (int)strcspn(rest + (rest[0] == '['), "]"),
             rest + (rest[0] == '['));
    return mqtt->host[0] && mqtt->port > 0 && mqtt->port < 65536;
}

static struct driver *mqtt_create(uv_loop_t *loop, const struct driver_options *options,
                                  const struct driver_listener *listener, struct failure *failure)
{
    struct mqtt *mqtt = calloc(1, sizeof(*mqtt));

    failure_set(failure, ERROR_INTERNAL, "Out of memory.");
    if (mqtt && !read_url(mqtt, options->url)) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "--to can't be `%.80s`; it may be mqtt://HOST[:PORT] or mqtts://HOST[:PORT].",
                    options->url);
        free(mqtt);
        return NULL;
    }
    if (!mqtt || !handoff_open(&mqtt->handoff, loop, mqtt_take, mqtt) ||
        uv_mutex_init(&mqtt->mutex) != 0) {
        free(mqtt);
        return NULL;
    }
    mosquitto_lib_init();
    mqtt->base.ops = &driver_mqtt;
    mqtt->loop = loop;
    mqtt->options = *options;
    mqtt->listener = *listener;
    mqtt->work.data = mqtt;
    return &mqtt->base;
}

static void mqtt_open(struct driver *driver)
{
    struct mqtt *mqtt = (struct mqtt *)driver;

    mqtt->is_working = true;
    uv_queue_work(mqtt->loop, &mqtt->work, mqtt_connect_in_pool, mqtt_after_connect);
}

/* The number is known once the library has it: its thread has to wait for the place. */
static bool mqtt_publish(struct driver *driver, const struct window_message *message)
{
    struct mqtt *mqtt = (struct mqtt *)driver;
    char topic[TOPIC_SIZE];
    bool sent = false;

    if (!mqtt->session || mqtt->is_working)
        return false;
    make_topic(topic, message->subject);
    uv_mutex_lock(&mqtt->mutex);
    if (mqtt->under_way_count < WINDOW_MAX) {
        struct under_way *place = &mqtt->under_way[mqtt->under_way_count];
        memcpy(place->id, message->id, sizeof(place->id));
        sent = mosquitto_publish(mqtt->session, &place->number, topic, (int)message->len,
                                 message->body, 1, false) == MOSQ_ERR_SUCCESS;
        mqtt->under_way_count += sent;
    }
    uv_mutex_unlock(&mqtt->mutex);
    return sent;
}

/* The library keeps it until the server has it; the caller bounds how many there are. */
static bool mqtt_tell(struct driver *driver, const char *subject, const char *text)
{
    struct mqtt *mqtt = (struct mqtt *)driver;
    char topic[TOPIC_SIZE];

    if (!mqtt->session || mqtt->is_working)
        return false;
    make_topic(topic, subject);
    return mosquitto_publish(mqtt->session, NULL, topic, (int)strlen(text), text, 1, true) ==
           MOSQ_ERR_SUCCESS;
}

static void mqtt_destroy(struct driver *driver, void (*done)(void *user), void *user)
{
    struct mqtt *mqtt = (struct mqtt *)driver;

    mqtt->destroying = true;
    mqtt->done = done;
    mqtt->done_user = user;
    if (!mqtt->is_working)
        end(mqtt); /* else once that is over */
}

static const char *const schemes[] = {"mqtt", "mqtts", NULL};
const struct driver_ops driver_mqtt = {schemes,      mqtt_create, mqtt_open,
                                       mqtt_publish, mqtt_tell,   mqtt_destroy};

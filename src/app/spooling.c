/* The spool as a sink: what bands send and what is told of them, for those who carry it away. */
#include "app/mounted.h"
#include "base/log.h"
#include "daemon.h"

static bool on_band(void *user, unsigned device, struct recording_band *band)
{
    const struct daemon *daemon = user;

    return protocol_band(daemon->protocol, device, band);
}

/* The sink's user is where the spool is: NULL once it is closed. */
static struct spool *spool_of(void *user)
{
    return *(struct spool **)user;
}

static void on_link_up(void *user, unsigned device, const struct band_link *link)
{
    if (spool_of(user))
        spool_link_up(spool_of(user), device, &link->anchor);
}

static void on_link_down(void *user, unsigned device, int64_t boot_us)
{
    if (spool_of(user))
        spool_link_down(spool_of(user), device, boot_us);
}

static void on_subscription(void *user, unsigned device, sensor_set sensors)
{
    if (spool_of(user))
        spool_subscription(spool_of(user), device, sensors);
}

static void on_packet(void *user, unsigned device, const struct packet *packet)
{
    if (spool_of(user))
        spool_packet(spool_of(user), device, packet);
}

_Static_assert(SINK_ALL_BANDS == SPOOL_ALL_BANDS, "the same to both");

static void on_marker(void *user, unsigned device, double utc_ms, const char *label)
{
    if (spool_of(user))
        spool_marker(spool_of(user), device, utc_ms, label);
}

/* Events, those of a band into its own segment. Data is not asked for: packets hold it. */
static void on_told(void *user, const struct message *message)
{
    struct daemon *daemon = user;

    if (daemon->spool && (message->kind == MESSAGE_EVENT || message->kind == MESSAGE_PRIVATE_EVENT))
        spool_event(spool_of(user), message->device_id, message->text, message->len);
}

static bool wants(void *user, unsigned device, enum message_kind kind, enum sensor sensor)
{
    (void)user;
    (void)device;
    (void)kind;
    (void)sensor;
    return false;
}

/* Without it everything else goes on, as without a place to record. */
void spooling_open(struct daemon *daemon, const struct options *options)
{
    const struct spool_config config = {.dir = options->spool,
                                        .hours = options_spool_hours(options),
                                        .megabytes = options_spool_megabytes(options)};
    const struct spool_owner owner = {.user = daemon, .band = on_band};
    const struct sink sink = {.user = &daemon->spool,
                              .message = on_told,
                              .wants = wants,
                              .link_up = on_link_up,
                              .link_down = on_link_down,
                              .subscription = on_subscription,
                              .packet = on_packet,
                              .marker = on_marker};
    static const struct spool_usage unusable = {.problem = "nothing is spooled: the log says why"};
    struct failure failure;

    if (!options->spool)
        return;
    daemon->spool = spool_create(&daemon->loop, &config, &owner, &failure);
    if (!daemon->spool) {
        log_warning("spool: %s Nothing is spooled", failure.message);
        protocol_set_spool(daemon->protocol, &unusable);
        return;
    }
    protocol_set_spool(daemon->protocol, spool_usage(daemon->spool));
    if (mounted_seems_missing(options->spool))
        log_warning("spool: %s is on the disk of /, for nothing is mounted there: is something "
                    "missing?",
                    options->spool);
    protocol_add_sink(daemon->protocol, &sink);
}

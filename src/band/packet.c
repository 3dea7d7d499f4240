#include "band/packet.h"

#define LEVEL_MAX 100

static enum packet_fault check_level(const struct packet *packet)
{
    if (packet->len == 0)
        return PACKET_TOO_SHORT;
    if (packet->len > 1)
        return PACKET_REMAINDER;
    return packet->bytes[0] > LEVEL_MAX ? PACKET_LEVEL : PACKET_OK;
}

static enum packet_fault check_samples(const struct model_sensor *as, size_t len)
{
    if (len < as->head_size + as->sample_size)
        return PACKET_TOO_SHORT;
    if (len > BAND_PACKET_MAX || len * as->lanes > BAND_WHOLE_MAX ||
        len > as->head_size + BAND_SAMPLES_MAX * as->sample_size)
        return PACKET_TOO_LONG;
    return (len - as->head_size) % as->sample_size == 0 ? PACKET_OK : PACKET_REMAINDER;
}

enum packet_fault packet_check(const struct band_model *model, const struct packet *packet)
{
    const struct model_sensor *as = &model->sensors[packet->sensor];

    if (packet->lane >= as->lanes)
        return PACKET_LANE;
    if (packet->sensor == SENSOR_BAT)
        return check_level(packet);
    return check_samples(as, packet->len);
}

/* Of all lanes, put together. */
static enum packet_fault check_whole(const struct model_sensor *as, const struct packet *packet)
{
    if (as->lanes == 0)
        return PACKET_LANE;
    if (packet->sensor == SENSOR_BAT)
        return check_level(packet);
    return packet->len % as->lanes == 0 ? check_samples(as, packet->len / as->lanes)
                                        : PACKET_REMAINDER;
}

static void decode_level(const struct packet *packet, struct samples *out)
{
    out->tick = 0;
    out->count = 1;
    out->level = packet->bytes[0];
}

enum packet_fault packet_decode(const struct band_model *model, const struct packet *packet,
                                struct samples *out)
{
    const struct model_sensor *as = &model->sensors[packet->sensor];
    const enum packet_fault fault = check_whole(as, packet);

    out->sensor = packet->sensor;
    out->as = as;
    if (fault != PACKET_OK)
        return fault;
    if (packet->sensor == SENSOR_BAT)
        decode_level(packet, out);
    else
        as->decode(packet, out);
    return PACKET_OK;
}

const char *packet_fault_text(enum packet_fault fault)
{
    switch (fault) {
    case PACKET_TOO_SHORT:
        return "the packet is too short for one sample";
    case PACKET_TOO_LONG:
        return "the packet is longer than any notification";
    case PACKET_REMAINDER:
        return "the packet does not hold a whole number of samples";
    case PACKET_LANE:
        return "the band has no such source";
    case PACKET_LEVEL:
        return "the battery level is not within 0 to 100";
    case PACKET_OK:
        break;
    }
    return "the packet is sound";
}

size_t packet_encode(const struct band_model *model, const struct samples *samples, uint8_t *out)
{
    if (samples->sensor != SENSOR_BAT)
        return model->sensors[samples->sensor].encode(samples, 0, out);
    out[0] = samples->level;
    return 1;
}

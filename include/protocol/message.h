/*
 * Data messages out: blocks of samples and features as JSON (docs/protocol.md). Pure: what the
 * daemon sends live is what `linkbandd process` prints.
 */
#ifndef PROTOCOL_MESSAGE_H
#define PROTOCOL_MESSAGE_H

#include "band/block.h"
#include "dsp/eeg.h"
#include "dsp/heart.h"
#include "dsp/motion.h"
#include "protocol/json.h"

/* In the place of a `seq`: the message is told without one, for those who number by other means. */
#define MESSAGE_UNNUMBERED UINT64_MAX

/* Each clears the writer and leaves one whole message in it. */
void message_raw(struct json *json, const char *device_id, uint64_t seq,
                 const struct sample_block *block);
void message_eeg(struct json *json, const char *device_id, uint64_t seq,
                 const struct eeg_features *features);
void message_ppg(struct json *json, const char *device_id, uint64_t seq,
                 const struct ppg_features *features);
void message_bands(struct json *json, const char *device_id, uint64_t seq,
                   const struct eeg_bands *bands);
void message_acc(struct json *json, const char *device_id, uint64_t seq,
                 const struct acc_features *features);
/* One of the three above, by the sensor. */
void message_processed(struct json *json, const char *device_id, uint64_t seq, enum sensor sensor,
                       const void *features);

/* The member "sensors" of get_server_info: each kind of message's fields and their units. */
void message_put_fields(struct json *json);

#endif

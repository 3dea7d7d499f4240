#include "protocol/message.h"

/* What all data messages begin with. */
struct message_head {
    const char *type;
    enum sensor sensor;
    double arrival_utc_ms;
    double rate; /* 0: null */
    double rate_measured;
    uint32_t lost;
};

static void begin(struct json *json, const char *device_id, uint64_t seq,
                  const struct message_head *envelope)
{
    json_clear(json);
    json_begin_object(json);
    json_put_string(json, "type", envelope->type);
    json_put_string(json, "sensor_type", sensor_name(envelope->sensor));
    json_put_string(json, "device_id", device_id);
    json_put_iso(json, "timestamp", envelope->arrival_utc_ms);
    json_key(json, "sample_rate");
    if (envelope->rate > 0)
        json_fixed(json, envelope->rate, 1);
    else
        json_null(json);
    json_put_fixed(json, "sample_rate_measured", envelope->rate_measured, 4);
    if (seq != MESSAGE_UNNUMBERED)
        json_put_integer(json, "seq", (int64_t)seq);
    json_put_integer(json, "lost", envelope->lost);
    json_key(json, "data");
}

static void put_eeg(struct json *json, const struct model_sensor *as,
                    const struct eeg_sample *sample)
{
    for (size_t c = 0; c < as->channel_count; c++)
        json_put_fixed(json, as->channels[c].name, sample->uv[c], 3);
    for (size_t c = 0; c < as->channel_count; c++) {
        if (as->channels[c].leadoff)
            json_put_bool(json, as->channels[c].leadoff, sample->leadoff & EEG_LEADOFF_MASK(c));
    }
}

static void put_sample(struct json *json, const struct samples *samples, size_t i)
{
    switch (samples->sensor) {
    case SENSOR_EEG:
        put_eeg(json, samples->as, &samples->eeg[i]);
        break;
    case SENSOR_PPG:
        json_put_integer(json, "red", samples->ppg[i].red);
        json_put_integer(json, "ir", samples->ppg[i].ir);
        break;
    case SENSOR_ACC:
        json_put_integer(json, "x", samples->acc[i].x);
        json_put_integer(json, "y", samples->acc[i].y);
        json_put_integer(json, "z", samples->acc[i].z);
        break;
    case SENSOR_BAT:
        json_put_integer(json, "level", samples->level);
        break;
    case SENSOR_COUNT:
        break;
    }
}

void message_raw(struct json *json, const char *device_id, uint64_t seq,
                 const struct sample_block *block)
{
    begin(json, device_id, seq,
          &(struct message_head){"raw_data", block->samples.sensor, block->arrival_utc_ms,
                                 block_sample_rate(block), block->rate_measured, block->lost});
    json_begin_array(json);
    for (size_t i = 0; i < block->samples.count; i++) {
        json_begin_object(json);
        json_put_fixed(json, "timestamp", block->first_ms + (double)i * block->step_ms, 3);
        put_sample(json, &block->samples, i);
        json_end_object(json);
    }
    json_end_array(json);
    json_end_object(json);
}

static void put_fixed_array(struct json *json, const char *key, const double *values, size_t count,
                            int decimals)
{
    json_key(json, key);
    json_begin_array(json);
    for (size_t i = 0; i < count; i++)
        json_fixed(json, values[i], decimals);
    json_end_array(json);
}

static void put_bands(struct json *json, const char *key, const double *values)
{
    json_key(json, key);
    json_begin_object(json);
    for (int band = 0; band < EEG_BANDS; band++)
        json_put_real(json, eeg_band_name((enum eeg_band)band), values[band]);
    json_end_object(json);
}

static void put_eeg_channel(struct json *json, const struct eeg_features *features, int c)
{
    static const struct {
        const char *filtered, *leadoff, *sqi, *power, *bands, *relative, *seconds, *muscle, *alpha;
    } keys[EEG_CHANNELS] = {
        {"ch1_filtered", "ch1_leadoff", "ch1_sqi", "ch1_power", "ch1_band_powers",
         "ch1_relative_powers", "ch1_spectrum_seconds", "ch1_muscle", "ch1_alpha_frequency"},
        {"ch2_filtered", "ch2_leadoff", "ch2_sqi", "ch2_power", "ch2_band_powers",
         "ch2_relative_powers", "ch2_spectrum_seconds", "ch2_muscle", "ch2_alpha_frequency"},
    };

    put_fixed_array(json, keys[c].filtered, features->filtered[c], features->count, 3);
    json_put_bool(json, keys[c].leadoff, features->leadoff[c]);
    json_put_fixed(json, keys[c].sqi, features->sqi[c], 3);
    put_fixed_array(json, keys[c].power, features->power_db[c], EEG_SPECTRUM_BINS, 3);
    put_bands(json, keys[c].bands, features->band_power[c]);
    put_bands(json, keys[c].relative, features->relative_power[c]);
    json_put_fixed(json, keys[c].seconds, features->spectrum_seconds[c], 2);
    json_put_fixed(json, keys[c].muscle, features->muscle[c], 3);
    json_put_fixed(json, keys[c].alpha, features->alpha_frequency[c], 3);
}

static void put_artefacts(struct json *json, unsigned artefacts)
{
    json_key(json, "artefacts");
    json_begin_array(json);
    for (unsigned bit = 1; eeg_artefact_name((enum eeg_artefact)bit); bit *= 2) {
        if (artefacts & bit)
            json_string(json, eeg_artefact_name((enum eeg_artefact)bit));
    }
    json_end_array(json);
}

void message_eeg(struct json *json, const char *device_id, uint64_t seq,
                 const struct eeg_features *features)
{
    begin(json, device_id, seq,
          &(struct message_head){"processed_data", SENSOR_EEG, features->arrival_utc_ms,
                                 features->rate, features->rate_measured, features->lost});
    json_begin_object(json);
    put_fixed_array(json, "timestamps", features->timestamps, features->count, 3);
    put_fixed_array(json, "frequencies", features->frequencies, EEG_SPECTRUM_BINS, 3);
    for (int c = 0; c < EEG_CHANNELS; c++)
        put_eeg_channel(json, features, c);
    json_put_string(json, "signal_quality", signal_quality_name(features->quality));
    json_put_fixed(json, "good_samples_ratio", features->good_samples_ratio, 3);
    json_put_integer(json, "interpolated", features->interpolated);
    json_put_real(json, "total_power", features->total_power);
    json_put_real(json, "focus_index", features->focus_index);
    json_put_real(json, "relaxation_index", features->relaxation_index);
    json_put_real(json, "stress_index", features->stress_index);
    json_put_real(json, "cognitive_load", features->cognitive_load);
    json_put_real(json, "emotional_stability", features->emotional_stability);
    json_put_real(json, "hemispheric_balance", features->hemispheric_balance);
    put_fixed_array(json, "blinks", features->blinks, features->blink_count, 3);
    put_artefacts(json, features->artefacts);
    json_end_object(json);
    json_end_object(json);
}

static void put_fast_bands(struct json *json, const char *key, const double *values)
{
    json_key(json, key);
    json_begin_object(json);
    for (int band = EEG_THETA; band < EEG_BANDS; band++)
        json_put_real(json, eeg_band_name((enum eeg_band)band), values[band]);
    json_end_object(json);
}

void message_bands(struct json *json, const char *device_id, uint64_t seq,
                   const struct eeg_bands *bands)
{
    begin(json, device_id, seq,
          &(struct message_head){"band_data", SENSOR_EEG, bands->arrival_utc_ms, EEG_BANDS_RATE,
                                 EEG_BANDS_RATE, bands->lost});
    json_begin_object(json);
    json_put_fixed(json, "timestamp", bands->timestamp, 3);
    put_fast_bands(json, "ch1_band_powers", bands->power[0]);
    json_put_bool(json, "ch1_leadoff", bands->leadoff[0]);
    put_fast_bands(json, "ch2_band_powers", bands->power[1]);
    json_put_bool(json, "ch2_leadoff", bands->leadoff[1]);
    put_artefacts(json, bands->artefacts);
    json_end_object(json);
    json_end_object(json);
}

static void put_rhythm(struct json *json, enum heart_rhythm rhythm)
{
    if (rhythm != RHYTHM_UNKNOWN) {
        json_put_bool(json, "irregular", rhythm == RHYTHM_IRREGULAR);
        return;
    }
    json_key(json, "irregular");
    json_null(json);
}

void message_ppg(struct json *json, const char *device_id, uint64_t seq,
                 const struct ppg_features *features)
{
    begin(json, device_id, seq,
          &(struct message_head){"processed_data", SENSOR_PPG, features->arrival_utc_ms,
                                 features->rate, features->rate_measured, features->lost});
    json_begin_object(json);
    put_fixed_array(json, "timestamps", features->timestamps, features->count, 3);
    put_fixed_array(json, "filtered_ppg", features->filtered, features->count, 2);
    json_put_fixed(json, "ppg_sqi", features->sqi, 3);
    put_fixed_array(json, "beats", features->beats, features->beat_count, 3);
    json_put_fixed(json, "bpm", features->bpm, 2);
    put_fixed_array(json, "rr_intervals", features->rr, features->rr_count, 2);
    json_put_fixed(json, "sdnn", features->sdnn, 2);
    json_put_fixed(json, "rmssd", features->rmssd, 2);
    json_put_fixed(json, "sdsd", features->sdsd, 2);
    json_put_fixed(json, "hr_mad", features->hr_mad, 2);
    json_put_fixed(json, "sd1", features->sd1, 2);
    json_put_fixed(json, "sd2", features->sd2, 2);
    json_put_fixed(json, "pnn50", features->pnn50, 2);
    json_put_real(json, "lf", features->lf);
    json_put_real(json, "hf", features->hf);
    json_put_real(json, "lf_hf", features->lf_hf);
    json_put_fixed(json, "red_mean", features->red_mean, 1);
    json_put_fixed(json, "ir_mean", features->ir_mean, 1);
    json_put_string(json, "signal_quality", signal_quality_name(features->quality));
    put_rhythm(json, features->irregular);
    json_put_fixed(json, "breath", features->breath, 1);
    json_put_fixed(json, "perfusion_red", features->perfusion_red, 4);
    json_put_fixed(json, "perfusion_ir", features->perfusion_ir, 4);
    json_end_object(json);
    json_end_object(json);
}

void message_acc(struct json *json, const char *device_id, uint64_t seq,
                 const struct acc_features *features)
{
    const size_t n = features->count;

    begin(json, device_id, seq,
          &(struct message_head){"processed_data", SENSOR_ACC, features->arrival_utc_ms,
                                 features->rate, features->rate_measured, features->lost});
    json_begin_object(json);
    put_fixed_array(json, "timestamps", features->timestamps, n, 3);
    put_fixed_array(json, "x", features->x, n, 5);
    put_fixed_array(json, "y", features->y, n, 5);
    put_fixed_array(json, "z", features->z, n, 5);
    put_fixed_array(json, "magnitude", features->magnitude, n, 5);
    json_put_fixed(json, "x_change", features->x_change, 5);
    json_put_fixed(json, "y_change", features->y_change, 5);
    json_put_fixed(json, "z_change", features->z_change, 5);
    json_put_fixed(json, "avg_movement", features->avg_movement, 5);
    json_put_fixed(json, "std_movement", features->std_movement, 5);
    json_put_fixed(json, "max_movement", features->max_movement, 5);
    json_put_string_or_null(json, "activity_state", activity_name(features->activity));
    json_put_fixed(json, "pitch", features->pitch, 2);
    json_put_fixed(json, "roll", features->roll, 2);
    json_put_fixed(json, "nod", features->nod, 2);
    json_put_fixed(json, "tilt", features->tilt, 2);
    json_end_object(json);
    json_end_object(json);
}

void message_processed(struct json *json, const char *device_id, uint64_t seq, enum sensor sensor,
                       const void *features)
{
    if (sensor == SENSOR_EEG)
        message_eeg(json, device_id, seq, features);
    else if (sensor == SENSOR_PPG)
        message_ppg(json, device_id, seq, features);
    else
        message_acc(json, device_id, seq, features);
}

/* ---- the same fields' units: a line here for each that is written above */

struct field {
    const char *name, *unit;
};

#define FIELDS_MAX 40

static const struct field raw[SENSOR_COUNT][FIELDS_MAX] = {
    [SENSOR_EEG] = {{"timestamp", "ms"},
                    {"ch1", "µV"},
                    {"ch2", "µV"},
                    {"leadoff_ch1", "true: electrode off"},
                    {"leadoff_ch2", "true: electrode off"}},
    [SENSOR_PPG] = {{"timestamp", "ms"}, {"red", "counts"}, {"ir", "counts"}},
    [SENSOR_ACC] = {{"timestamp", "ms"},
                    {"x", "counts, 16384 a g"},
                    {"y", "counts, 16384 a g"},
                    {"z", "counts, 16384 a g"}},
    [SENSOR_BAT] = {{"timestamp", "ms"}, {"level", "%"}},
};

static const struct field processed[SENSOR_COUNT][FIELDS_MAX] = {
    [SENSOR_EEG] = {{"timestamps", "ms"},
                    {"frequencies", "Hz"},
                    {"ch1_filtered", "µV"},
                    {"ch2_filtered", "µV"},
                    {"ch1_leadoff", "true: electrode off"},
                    {"ch2_leadoff", "true: electrode off"},
                    {"ch1_sqi", "0..1"},
                    {"ch2_sqi", "0..1"},
                    {"ch1_power", "dB re 1 µV²/Hz"},
                    {"ch2_power", "dB re 1 µV²/Hz"},
                    {"ch1_band_powers", "µV²"},
                    {"ch2_band_powers", "µV²"},
                    {"ch1_relative_powers", "0..1"},
                    {"ch2_relative_powers", "0..1"},
                    {"signal_quality", "good, poor, no_contact"},
                    {"good_samples_ratio", "0..1"},
                    {"interpolated", "samples"},
                    {"total_power", "µV²"},
                    {"focus_index", "ratio"},
                    {"relaxation_index", "ratio"},
                    {"stress_index", "ratio"},
                    {"cognitive_load", "ratio"},
                    {"emotional_stability", "ratio"},
                    {"hemispheric_balance", "-1..1"},
                    {"ch1_spectrum_seconds", "s"},
                    {"ch2_spectrum_seconds", "s"},
                    {"ch1_muscle", "ratio"},
                    {"ch2_muscle", "ratio"},
                    {"ch1_alpha_frequency", "Hz"},
                    {"ch2_alpha_frequency", "Hz"},
                    {"blinks", "ms"},
                    {"artefacts", "blink, muscle, movement, pop"}},
    [SENSOR_PPG] = {{"timestamps", "ms"},
                    {"filtered_ppg", "counts"},
                    {"ppg_sqi", "0..1"},
                    {"beats", "ms"},
                    {"bpm", "1/min"},
                    {"rr_intervals", "ms"},
                    {"sdnn", "ms"},
                    {"rmssd", "ms"},
                    {"sdsd", "ms"},
                    {"hr_mad", "ms"},
                    {"sd1", "ms"},
                    {"sd2", "ms"},
                    {"pnn50", "%"},
                    {"lf", "ms²"},
                    {"hf", "ms²"},
                    {"lf_hf", "ratio"},
                    {"red_mean", "counts"},
                    {"ir_mean", "counts"},
                    {"irregular", "true: irregular rhythm in the last minute"},
                    {"breath", "1/min"},
                    {"perfusion_red", "%"},
                    {"perfusion_ir", "%"},
                    {"signal_quality", "good, poor, no_contact"}},
    [SENSOR_ACC] = {{"timestamps", "ms"},
                    {"x", "g"},
                    {"y", "g"},
                    {"z", "g"},
                    {"magnitude", "g"},
                    {"x_change", "g"},
                    {"y_change", "g"},
                    {"z_change", "g"},
                    {"avg_movement", "g"},
                    {"std_movement", "g"},
                    {"max_movement", "g"},
                    {"activity_state", "stationary, sitting, walking, running"},
                    {"pitch", "degrees"},
                    {"roll", "degrees"},
                    {"nod", "degrees"},
                    {"tilt", "degrees"}},
};

static const struct field bands[SENSOR_COUNT][FIELDS_MAX] = {
    [SENSOR_EEG] = {{"timestamp", "ms"},
                    {"ch1_band_powers", "µV²"},
                    {"ch1_leadoff", "true: electrode off"},
                    {"ch2_band_powers", "µV²"},
                    {"ch2_leadoff", "true: electrode off"},
                    {"artefacts", "blink, muscle, movement, pop"}},
};

static void put_fields(struct json *json, const char *key, const struct field *fields)
{
    if (!fields->name)
        return;
    json_key(json, key);
    json_begin_object(json);
    for (; fields->name; fields++)
        json_put_string(json, fields->name, fields->unit);
    json_end_object(json);
}

void message_put_fields(struct json *json)
{
    json_key(json, "sensors");
    json_begin_object(json);
    for (int s = 0; s < SENSOR_COUNT; s++) {
        json_key(json, sensor_name((enum sensor)s));
        json_begin_object(json);
        put_fields(json, "raw_data", raw[s]);
        put_fields(json, "processed_data", processed[s]);
        put_fields(json, "band_data", bands[s]);
        json_end_object(json);
    }
    json_end_object(json);
}

/* What each sensor's messages hold, and in what unit: for get_server_info. */
#include "info.h"
#include "protocol_internal.h"

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

void put_sensor_fields(struct json *json)
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

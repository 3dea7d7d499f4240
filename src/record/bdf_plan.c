#include "bdf_plan.h"

#include <math.h>
#include <time.h>

#include "base/length.h"
#include "marks.h"
#include "record/playback.h"

/* A clock set right over a reconnect is a gap to pad; a wild one must not fill the disk, nor must a
 * line of damaged packets that says it came years later. */
#define STEP_MAX_S 86400
#define SPAN_MAX_S (7 * 86400 + 60) /* the longest duration touches a second more than it has */

/* EDF+'s, and what EDFlib takes. */
#define YEAR_MIN               1985
#define YEAR_MAX               2084
#define ANNOTATION_SIGNALS_MAX 64

/* What a BDF's 24 bits have; counts that go beyond are unsigned, and told with an offset, exact. */
#define DIG_MAX    8388607
#define DIG_OFFSET 8388608

static int offset_of(const struct model_sensor *as)
{
    return as->range.high_count > DIG_MAX ? DIG_OFFSET : 0;
}

/* Lead-off, all channels' bits as the band has them: behind them. */
static bool has_leadoff(enum sensor sensor, const struct model_sensor *as)
{
    return sensor == SENSOR_EEG && as->channels[0].leadoff;
}

size_t bdf_signals(enum sensor sensor, const struct model_sensor *as)
{
    return as->channel_count + has_leadoff(sensor, as);
}

struct bdf_signal bdf_signal(enum sensor sensor, const struct model_sensor *as, size_t which)
{
    static const char *const names[SENSOR_STREAMED] = {"EEG", "PPG", "ACC"};
    const int bits = as->channel_count > 4 ? 65535 : 255;
    struct bdf_signal signal = {
        .label = "Lead-off", .unit = "bits", .dig_max = bits, .phys_max = bits};

    if (which == as->channel_count)
        return signal;
    snprintf(signal.label, sizeof(signal.label), "%s %s", names[sensor], as->channels[which].name);
    signal.unit = as->channels[which].unit;
    signal.dig_min = as->range.low_count - offset_of(as);
    signal.dig_max = as->range.high_count - offset_of(as);
    signal.phys_min = as->range.low;
    signal.phys_max = as->range.high;
    return signal;
}

static void eeg_values(const struct samples *samples, size_t i, double *value)
{
    const struct model_sensor *as = samples->as;

    for (size_t c = 0; c < as->channel_count; c++)
        value[c] = samples->eeg[i].uv[c] / as->unit_per_count;
    if (has_leadoff(SENSOR_EEG, as))
        value[as->channel_count] = samples->eeg[i].leadoff;
}

void bdf_values(const struct samples *samples, size_t i, double *value)
{
    if (samples->sensor == SENSOR_EEG) {
        eeg_values(samples, i, value);
    } else if (samples->sensor == SENSOR_PPG) {
        value[0] = (double)samples->ppg[i].red - offset_of(samples->as);
        value[1] = (double)samples->ppg[i].ir - offset_of(samples->as);
    } else {
        value[0] = samples->acc[i].x;
        value[1] = samples->acc[i].y;
        value[2] = samples->acc[i].z;
    }
}

struct survey {
    struct bdf_plan *plan;
    sensor_set sensors;
    double first_ms, last_ms;
    double newest_ms[SENSOR_COUNT];
    struct marks marks;
};

static void count_mark(void *user, double from_ms, double duration_ms, const char *text)
{
    struct survey *survey = user;

    (void)from_ms;
    (void)duration_ms;
    (void)text;
    survey->plan->annotations++;
}

static void survey_features(void *user, const struct eeg_features *features)
{
    struct survey *survey = user;

    if (survey->plan->rate[SENSOR_EEG])
        marks_features(&survey->marks, features);
}

static void survey_block(void *user, const struct sample_block *block)
{
    struct survey *survey = user;
    enum sensor sensor = block->samples.sensor;

    if (sensor >= SENSOR_STREAMED || !(survey->sensors & SENSOR_BIT(sensor)))
        return;
    /* As the grid finds them; what there is before the first is one of those of the ends. */
    if (survey->plan->rate[sensor] &&
        block->first_ms - survey->newest_ms[sensor] - block->step_ms > GRID_BRIDGE_MS)
        survey->plan->annotations++;
    survey->newest_ms[sensor] =
        fmax(survey->newest_ms[sensor],
             block->first_ms + (double)(block->samples.count - 1) * block->step_ms);
    survey->first_ms = fmin(survey->first_ms, block->first_ms);
    survey->last_ms = fmax(survey->last_ms, survey->newest_ms[sensor]);
    if (sensor == SENSOR_EEG)
        marks_block(&survey->marks, block);
    if (!survey->plan->rate[sensor]) {
        survey->plan->signals += (int)bdf_signals(sensor, block->samples.as);
        bdf_values(&block->samples, 0, survey->plan->first[sensor]);
    }
    survey->plan->rate[sensor] = block->rate;
    survey->plan->as[sensor] = block->samples.as;
}

static void survey_record(void *user, const struct capture_record *record)
{
    struct survey *survey = user;

    if (record->kind == CAPTURE_MARKER)
        survey->plan->annotations++;
}

int64_t bdf_plan_records(const struct bdf_plan *plan)
{
    return plan->seconds * plan->parts;
}

uint64_t bdf_plan_room(const struct bdf_plan *plan)
{
    return (uint64_t)bdf_plan_records(plan) * (uint64_t)plan->annotation_signals;
}

static bool divides_rates(const struct bdf_plan *plan, int parts)
{
    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        if (plan->rate[sensor] % parts != 0)
            return false;
    }
    return true;
}

/* What of a second a record is so that all annotations fit; a reader finds records of one second
 * simplest, so more of them come last. */
static bool make_room(struct bdf_plan *plan, struct failure *failure)
{
    static const int parts[] = {1, 5, 2, 4, 8, 16, 25};

    plan->annotation_signals = ANNOTATION_SIGNALS_MAX;
    for (size_t i = 0; i < LENGTH(parts); i++) {
        if (!divides_rates(plan, parts[i]))
            continue;
        plan->parts = parts[i];
        const uint64_t each = 1 + plan->annotations / (uint64_t)bdf_plan_records(plan);
        if (each > ANNOTATION_SIGNALS_MAX)
            continue;
        plan->annotation_signals = (int)each;
        return true;
    }
    failure_set(failure, ERROR_RECORDING,
                "Its %llu markers and gaps are more than a BDF of %lld s has room for, %llu: "
                "markers.csv has all markers, the column lost of the other CSV files the gaps",
                (unsigned long long)plan->annotations, (long long)plan->seconds,
                (unsigned long long)bdf_plan_room(plan));
    return false;
}

/* EDF writes a year as two digits. */
static bool has_a_date(const struct bdf_plan *plan, struct failure *failure)
{
    time_t seconds = (time_t)(plan->start_ms / 1000);
    struct tm utc;

    if (gmtime_r(&seconds, &utc) && utc.tm_year >= YEAR_MIN - 1900 &&
        utc.tm_year <= YEAR_MAX - 1900)
        return true;
    failure_set(failure, ERROR_RECORDING,
                "It begins in the year %lld, and a BDF can tell %d to %d only: take the CSV, and "
                "see that the host's clock is right",
                (long long)utc.tm_year + 1900, YEAR_MIN, YEAR_MAX);
    return false;
}

static bool is_within_a_week(const struct bdf_plan *plan, struct failure *failure)
{
    if (plan->seconds <= SPAN_MAX_S)
        return true;
    failure_set(failure, ERROR_RECORDING,
                "From the first packet to the last it is %.1f days, more than the 7 that a "
                "BDF may hold: take the CSV, and see whether packets.lbcap is damaged",
                (double)plan->seconds / 86400);
    return false;
}

static bool has_a_span(const struct bdf_plan *plan, int64_t last_at_us, struct failure *failure)
{
    if (plan->seconds <= last_at_us / 1000000 + STEP_MAX_S)
        return is_within_a_week(plan, failure);
    failure_set(failure, ERROR_RECORDING,
                "UTC was stepped by more than a day while recording: take the CSV");
    return false;
}

static bool run_survey(FILE *packets, sensor_set sensors, const struct pipeline_config *config,
                       struct bdf_plan *plan, struct playback_summary *summary,
                       struct failure *failure)
{
    struct survey survey = {
        .plan = plan, .sensors = sensors, .first_ms = INFINITY, .last_ms = -INFINITY};
    struct playback_listener listener = {
        .pipeline = {.user = &survey, .samples = survey_block, .eeg = survey_features},
        .record = survey_record,
        .user = &survey};

    survey.marks = (struct marks){.user = &survey, .tell = count_mark};
    if (!playback_run(packets, config, &listener, CAPTURE_DEFAULT_START_UTC_US, summary, failure))
        return false;
    marks_finish(&survey.marks);
    if (!plan->signals) {
        failure_set(failure, ERROR_RECORDING, "No sample was recorded");
        return false;
    }
    plan->start_ms = floor(survey.first_ms / 1000) * 1000;
    plan->seconds = (int64_t)floor((survey.last_ms - plan->start_ms) / 1000) + 1;
    return true;
}

static bool stretch(struct bdf_plan *plan, const struct bdf_span *span, struct failure *failure)
{
    plan->start_ms = span->start_ms;
    plan->seconds = span->seconds;
    return is_within_a_week(plan, failure);
}

bool bdf_plan_make(FILE *packets, sensor_set sensors, int mains_hz, const struct bdf_span *span,
                   struct bdf_plan *plan, struct failure *failure)
{
    const struct pipeline_config config = {.mains_hz = mains_hz, .with_features = true};
    struct playback_summary summary;

    *plan = (struct bdf_plan){.annotations = 2 * SENSOR_STREAMED, .mains_hz = mains_hz};
    return run_survey(packets, sensors, &config, plan, &summary, failure) &&
           has_a_span(plan, summary.last_at_us, failure) &&
           (!span || stretch(plan, span, failure)) && has_a_date(plan, failure) &&
           make_room(plan, failure);
}

bool bdf_plan_span(FILE *packets, sensor_set sensors, struct bdf_span *span,
                   struct failure *failure)
{
    const struct pipeline_config config = {.mains_hz = 50, .with_features = false};
    struct playback_summary summary;
    struct bdf_plan plan = {.signals = 0};

    if (!run_survey(packets, sensors, &config, &plan, &summary, failure) ||
        !has_a_span(&plan, summary.last_at_us, failure))
        return false;
    *span = (struct bdf_span){plan.start_ms, plan.seconds};
    return true;
}

/* --sim: its keys in one table, each with its range and its line of help. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/length.h"
#include "sim_moments.h"

/* A key: how its value is read, where it goes, and what people are told of it. */
struct setting {
    const char *key;
    bool (*read)(const struct setting *setting, const char *value, struct sim_options *options);
    size_t offset;
    double low, high;
    const char *allowed;
    const char *help;
};

static void *place(const struct setting *setting, struct sim_options *options)
{
    return (char *)options + setting->offset;
}

static bool real(const struct setting *setting, const char *value, struct sim_options *options)
{
    return number_read(value, setting->low, setting->high, place(setting, options));
}

static bool whole(const struct setting *setting, const char *value, struct sim_options *options)
{
    double number;

    if (!number_read(value, setting->low, setting->high, &number) || number != floor(number))
        return false;
    *(int *)place(setting, options) = (int)number;
    return true;
}

static bool either(const struct setting *setting, const char *value, struct sim_options *options)
{
    double number;

    if (!number_read(value, setting->low, setting->high, &number) ||
        (number != setting->low && number != setting->high))
        return false;
    *(int *)place(setting, options) = (int)number;
    return true;
}

static bool onoff(const struct setting *setting, const char *value, struct sim_options *options)
{
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
        return false;
    *(bool *)place(setting, options) = value[0] == '1';
    return true;
}

static bool unsigned_whole(const char *value, uint64_t high, uint64_t *out)
{
    char *end;

    if (value[0] == '\0' || value[strspn(value, "0123456789")] != '\0')
        return false;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (errno || number > high)
        return false;
    *out = number;
    return true;
}

static bool seed(const struct setting *setting, const char *value, struct sim_options *options)
{
    (void)setting;
    return unsigned_whole(value, UINT64_MAX, &options->seed);
}

static bool boot(const struct setting *setting, const char *value, struct sim_options *options)
{
    uint64_t tick;

    (void)setting;
    if (!unsigned_whole(value, UINT32_MAX, &tick))
        return false;
    options->boot = (uint32_t)tick;
    return true;
}

static bool adapter(const struct setting *setting, const char *value, struct sim_options *options)
{
    static const char *const names[] = {"on", "off", "none"};

    (void)setting;
    for (int i = 0; i < 3; i++) {
        if (strcmp(value, names[i]) == 0) {
            options->bluetooth = (enum sim_adapter)i;
            return true;
        }
    }
    return false;
}

static bool radio(const struct setting *setting, const char *value, struct sim_options *options)
{
    (void)setting;
    options->radio_fast = strcmp(value, "fast") == 0;
    return options->radio_fast || strcmp(value, "real") == 0;
}

static bool drop(const struct setting *setting, const char *value, struct sim_options *options)
{
    char text[64];

    (void)setting;
    if ((size_t)snprintf(text, sizeof(text), "%s", value) >= sizeof(text))
        return false;
    return moment_read(text, 5, &options->drop);
}

static bool moments(const struct setting *setting, const char *value, struct sim_options *options)
{
    return moments_read(value, setting->high, place(setting, options));
}

static bool read_sensor(const char *name, enum sensor *sensor)
{
    return sensor_from_name(name, strcspn(name, ":"), sensor);
}

/* SENSOR[:AFTER[:LASTS]]+… */
static bool silent(const struct setting *setting, const char *value, struct sim_options *options)
{
    char text[SIM_PATH_SIZE];
    char *rest = text;
    char *one;
    enum sensor sensor;

    (void)setting;
    if ((size_t)snprintf(text, sizeof(text), "%s", value) >= sizeof(text))
        return false;
    while ((one = strsep(&rest, "+"))) {
        if (!read_sensor(one, &sensor))
            return false;
        struct sim_moments *out = &options->silent[sensor];
        struct sim_moment moment = {0, FOR_GOOD};
        char *colon = strchr(one, ':');
        if (out->count == SIM_MOMENTS_MAX || (colon && !moment_read(colon + 1, FOR_GOOD, &moment)))
            return false;
        out->moment[out->count++] = moment;
    }
    return true;
}

/* SENSOR:AFTER */
static bool stall(const struct setting *setting, const char *value, struct sim_options *options)
{
    const char *colon = strchr(value, ':');
    enum sensor sensor;

    return colon && read_sensor(value, &sensor) &&
           number_read(colon + 1, setting->low, setting->high, &options->stall[sensor]);
}

/* SENSOR+SENSOR… */
static bool refused(const struct setting *setting, const char *value, struct sim_options *options)
{
    (void)setting;
    return sensor_set_parse(value, strlen(value), '+', &options->refuse);
}

static bool path(const struct setting *setting, const char *value, struct sim_options *options)
{
    size_t len = strlen(value);

    if (len == 0 || len >= SIM_PATH_SIZE)
        return false;
    memcpy(place(setting, options), value, len + 1);
    return true;
}

#define AT(field) offsetof(struct sim_options, field)

/* clang-format off: a table. */
static const struct setting settings[] = {
    {"rate", either, AT(rate), 250, 500, "250 or 500", "EEG samples a second (250)"},
    {"heart", real, AT(heart), 30, 220, "30 to 220",
     "beats a minute (70; further bands: 55 to 90)"},
    {"hrv", real, AT(hrv), 0, 200, "0 to 200",
     "RMSSD of the beats, ms, as far as the rate leaves room (40)"},
    {"seed", seed, 0, 0, 0, "a whole number from 0",
     "chooses the wearer; the same seed, the same packets (1)"},
    {"mains", either, AT(mains), 50, 60, "50 or 60", "hum, Hz (50)"},
    {"skip", onoff, AT(skip), 0, 0, "0 or 1", "the real band's skipped EEG samples (1)"},
    {"leadoff", onoff, AT(leadoff), 0, 0, "0 or 1", "electrodes come off now and then (1)"},
    {"battery", real, AT(battery), 0, 100, "0 to 100", "level at power-on, % (87)"},
    {"drain", real, AT(drain), 0, 100000, "0 to 100000", "what the battery loses, % an hour (10)"},
    {"boot", boot, 0, 0, 0, "0 to 4294967295", "the band's counter at power-on, ticks (467605)"},
    {"ppm", real, AT(ppm), -500, 500, "-500 to 500",
     "how fast the band's crystal is, 10^-6 (20; further bands: -50 to 50)"},
    {"bands", whole, AT(bands), 0, SIM_BANDS_MAX, "a whole number, 0 to 32",
     "bands in the air (1)"},
    {"rssi", whole, AT(rssi), -120, 0, "a whole number, -120 to 0",
     "signal strength, dBm, around which it varies (-60)"},
    {"absent", real, AT(absent), 0, FOR_GOOD, "seconds from 0",
     "no band is in the air for so long from the start (0)"},
    {"connectfail", whole, AT(connectfail), 0, 1000000, "a whole number, 0 to 1000000",
     "connection attempts that fail first (0)"},
    {"bluetooth", adapter, 0, 0, 0, "on, off or none", "the adapter (on)"},
    {"off", moments, AT(adapter_off), 0, 5, "AT[:SECONDS]+..., up to 8 in order",
     "the adapter is off from AT, for 5 s, from the start"},
    {"radio", radio, 0, 0, 0, "real or fast",
     "fast: scan, connection and replies take a 50th of their time (real)"},
    {"loss", real, AT(loss), 0, 1, "0 to 1", "share of packets lost on the air (0)"},
    {"duplicate", real, AT(duplicate), 0, 1, "0 to 1", "share of packets that come twice (0)"},
    {"jitter", real, AT(jitter), 0, 10000, "0 to 10000",
     "most delay on the air, ms (0; further bands: 0 to 30)"},
    {"drop", drop, 0, 0, 0, "MEAN[:SECONDS], both from 0",
     "mean time between link drops, and how long the band is away, s (0:5)"},
    {"drop-at", moments, AT(drops), 0, 5, "AT[:SECONDS]+..., up to 8 in order",
     "the link drops at AT for 5 s, from power-on"},
    {"reboot-at", moments, AT(reboots), 0, 3, "AT[:SECONDS]+..., up to 8 in order",
     "the band reboots at AT, away for 3 s, from power-on"},
    {"silent", silent, 0, 0, 0, "SENSOR[:AFTER[:SECONDS]]+..., a sensor eeg, ppg, acc or bat",
     "a sensor sends nothing, from power-on"},
    {"stall", stall, 0, 0.001, FOR_GOOD, "SENSOR:SECONDS",
     "a sensor stops so long after each subscription"},
    {"refuse", refused, 0, 0, 0, "SENSOR+...", "subscriptions of these fail"},
    {"control", onoff, AT(control), 0, 0, "0 or 1",
     "0: writes to EEG control fail, EEG flows without (1)"},
    {"orderly", onoff, AT(orderly), 0, 0, "0 or 1",
     "1: what is subscribed before all was off, and a second of quiet, sends nothing (0)"},
    {"speed", real, AT(speed), 0.01, 10000, "0.01 to 10000",
     "the band's seconds in one of the host's (1)"},
    {"event", real, AT(event), 0, FOR_GOOD, "seconds from 0",
     "the EEG of all bands rises by 10 mV so long after the start, at one instant"},
    {"truth", path, AT(truth), 0, 0, "a path",
     "writes what the band sent, as a capture; what was lost as comments; of band N to PATH.N"},
};
/* clang-format on */
#define SETTINGS LENGTH(settings)

void sim_options_init(struct sim_options *options)
{
    *options = (struct sim_options){
        .rate = 250,
        .heart = 70,
        .hrv = 40,
        .seed = 1,
        .mains = 50,
        .skip = true,
        .leadoff = true,
        .battery = 87,
        .drain = 10,
        .boot = 467605,
        .ppm = 20,
        .bands = 1,
        .rssi = -60,
        .drop = {0, 5},
        .control = true,
        .speed = 1,
        .event = INFINITY,
    };
}

static bool unknown_key(const char *key, struct failure *failure)
{
    char known[sizeof(failure->message)] = "";
    size_t len = 0;

    for (size_t i = 0; i < SETTINGS && len < sizeof(known); i++)
        len += (size_t)snprintf(known + len, sizeof(known) - len, " %s", settings[i].key);
    failure_set(failure, ERROR_INVALID_PARAMETERS, "--sim %.20s: known are%s", key, known);
    return false;
}

static const struct setting *find_setting(const char *key)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(key, settings[i].key) == 0)
            return &settings[i];
    }
    return NULL;
}

static bool refuse_setting(struct failure *failure, const char *key, const char *value,
                           const char *allowed)
{
    failure_set(failure, ERROR_INVALID_PARAMETERS, "--sim %.60s%s%.80s: allowed is %s", key,
                value ? "=" : "", value ? value : "", allowed);
    return false;
}

static bool read_setting(char *text, struct sim_options *options, struct failure *failure)
{
    char *value = strchr(text, '=');

    if (value)
        *value++ = '\0';
    const struct setting *setting = find_setting(text);
    if (!setting)
        return unknown_key(text, failure);
    if (!value || !setting->read(setting, value, options))
        return refuse_setting(failure, text, value ? value : "", setting->allowed);
    options->given |= UINT64_C(1) << (setting - settings);
    return true;
}

bool sim_options_gave(const struct sim_options *options, const char *key)
{
    return options->given & (UINT64_C(1) << (find_setting(key) - settings));
}

/* ---- Of one band alone */

/* The colon of `N:key=value`; NULL: it is for all. */
static char *colon_of(char *text)
{
    char *colon = strchr(text, ':');
    const char *equals = strchr(text, '=');

    return colon && (!equals || colon < equals) ? colon : NULL;
}

static bool is_of_all(const char *setting)
{
    static const char *const keys[] = {"bands", "bluetooth", "off",  "radio",
                                       "speed", "event",     "truth"};
    const size_t len = strcspn(setting, "=");

    for (size_t i = 0; i < LENGTH(keys); i++) {
        if (strlen(keys[i]) == len && strncmp(setting, keys[i], len) == 0)
            return true;
    }
    return false;
}

static bool keep_own(const char *text, struct sim_options *options, struct failure *failure)
{
    const size_t used = strlen(options->own);
    const size_t room = sizeof(options->own) - used;

    if ((size_t)snprintf(options->own + used, room, "%s,", text) < room)
        return true;
    options->own[used] = '\0';
    return refuse_setting(failure, text, NULL, "at most 1023 bytes for settings of single bands");
}

/* It is kept as text, and read again for its band; here it shows whether it can be. */
static bool read_own(char *text, char *colon, struct sim_options *options, struct failure *failure)
{
    struct sim_options tried = *options;
    double number;

    *colon = '\0';
    if (!number_read(text, 0, SIM_BANDS_MAX - 1, &number) || number != floor(number))
        return refuse_setting(failure, text, NULL, "a band's number before the colon, 0 to 31");
    *colon = ':';
    if (is_of_all(colon + 1))
        return refuse_setting(failure, text, NULL, "this for all bands only, without a number");
    if (!keep_own(text, options, failure))
        return false;
    return read_setting(colon + 1, &tried, failure);
}

static bool read_one(char *text, struct sim_options *options, struct failure *failure)
{
    char *colon = colon_of(text);

    return colon ? read_own(text, colon, options, failure) : read_setting(text, options, failure);
}

/* A band that isn't there: its settings would do nothing. */
static bool own_fits(const struct sim_options *options, struct failure *failure)
{
    const char *at = options->own;

    for (; *at; at += strcspn(at, ",") + 1) {
        if (strtol(at, NULL, 10) < options->bands)
            continue;
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "--sim %.*s: allowed are the numbers of bands, from 0, and bands=%d",
                    (int)strcspn(at, "="), at, options->bands);
        return false;
    }
    return true;
}

bool sim_options_parse(const char *text, struct sim_options *options, struct failure *failure)
{
    char *copy = strdup(text);
    char *rest = copy;
    char *one;
    bool good = true;

    if (!copy) {
        failure_set(failure, ERROR_INTERNAL, "no memory");
        return false;
    }
    while (good && (one = strsep(&rest, ",")))
        good = one[0] == '\0' || read_one(one, options, failure);
    free(copy);
    return good && own_fits(options, failure);
}

const char *sim_options_help(void)
{
    static char help[8192];
    size_t len = 0;

    if (help[0])
        return help;
    for (size_t i = 0; i < SETTINGS && len < sizeof(help); i++)
        len += (size_t)snprintf(help + len, sizeof(help) - len, "  %-11s %s: %s\n", settings[i].key,
                                settings[i].help, settings[i].allowed);
    return help;
}

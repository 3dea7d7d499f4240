/*
 * The command line, the configuration file and --sim's keys: whatever is given, it is taken whole,
 * or refused with one sentence.
 *
 * The first byte chooses: the file's text, the keys' text, or arguments, one a line.
 */
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/config.h"
#include "app/options.h"
#include "ble/sim.h"
#include "hold.h"
#include "input.h"

#define ARGUMENTS_MAX 24

static void hold_sentence(const struct failure *failure)
{
    HOLD(failure->code == ERROR_INVALID_PARAMETERS);
    HOLD(strlen(failure->message) > 10);
}

static void hold_taken(const struct options *options)
{
    HOLD(options->listen.count <= OPTIONS_LIST_MAX);
    HOLD(options->allow_origin.count <= OPTIONS_LIST_MAX);
    HOLD(options_mains_hz(options) == 50 || options_mains_hz(options) == 60);
}

static void read_file(const uint8_t *data, size_t size)
{
    static int file = -1;
    static char path[32];
    struct options options;
    struct failure failure = {.code = ERROR_NONE};

    if (file < 0) {
        file = memfd_create("config", MFD_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    }
    HOLD(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
    options_init(&options);
    if (config_read(&options, path, &failure))
        hold_taken(&options);
    else
        hold_sentence(&failure);
    options_finish(&options);
}

static void hold_moments(const struct sim_moments *moments)
{
    HOLD(moments->count <= SIM_MOMENTS_MAX);
    for (size_t i = 0; i < moments->count; i++)
        HOLD(isfinite(moments->moment[i].at) && moments->moment[i].lasts >= 0);
}

static void read_sim(const char *text)
{
    struct sim_options options;
    struct failure failure = {.code = ERROR_NONE};

    sim_options_init(&options);
    if (!sim_options_parse(text, &options, &failure)) {
        hold_sentence(&failure);
        return;
    }
    HOLD(options.rate == 250 || options.rate == 500);
    HOLD(options.bands >= 0 && options.bands <= SIM_BANDS_MAX);
    HOLD(options.speed > 0 && options.loss >= 0 && options.jitter >= 0);
    HOLD(memchr(options.truth, '\0', sizeof(options.truth)));
    hold_moments(&options.drops);
    hold_moments(&options.reboots);
    hold_moments(&options.adapter_off);
    for (int i = 0; i < SENSOR_COUNT; i++)
        hold_moments(&options.silent[i]);
}

/* A file that an argument names may be anything: none is read, none is written. */
static bool is_harmless(const char *argument)
{
    return strncmp(argument, "--c", 3) != 0;
}

static void read_arguments(struct input *input)
{
    char *arguments[ARGUMENTS_MAX + 2] = {strdup("linkbandd")}, *shuffled[ARGUMENTS_MAX + 2];
    int count = 1;
    struct options options;
    struct failure failure = {.code = ERROR_NONE};
    bool harmless = true;

    while (input->at < input->end && count <= ARGUMENTS_MAX) {
        size_t len;
        arguments[count] = input_line(input, &len);
        HOLD(arguments[count]);
        harmless = harmless && is_harmless(arguments[count]);
        count++;
    }
    /* getopt orders the arguments anew; these are to be freed as they are. */
    memcpy(shuffled, arguments, sizeof(arguments));
    if (harmless) {
        if (options_parse(&options, count, shuffled, &failure))
            hold_taken(&options);
        else
            hold_sentence(&failure);
        options_finish(&options);
    }
    for (int i = 0; i < count; i++)
        free(arguments[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    size_t len;

    switch (input_byte(&input)) {
    case 'f':
        read_file(input.at, (size_t)(input.end - input.at));
        break;
    case 's': {
        char *text = input_line(&input, &len);
        HOLD(text);
        read_sim(text);
        free(text);
        break;
    }
    default:
        read_arguments(&input);
        break;
    }
    return 0;
}

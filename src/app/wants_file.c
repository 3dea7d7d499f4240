#include "app/wants_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "app/directory.h"
#include "app/small_file.h"
#include "base/log.h"
#include "base/text.h"

#define TEXT_MAX (512 * MANAGER_DEVICES_MAX)
/* Of a file to be read: ours, and some room for what was added by hand. */
#define FILE_MAX (2 * TEXT_MAX)
/* The year 10000: what is later was written by nobody's clock, and sums with it would overflow. */
#define UTC_MAX_US INT64_C(253402300800000000)

struct wants_file {
    uv_loop_t *loop;
    int lock; /* on the directory */
    char path[DIRECTORY_PATH_MAX + 16], fresh[DIRECTORY_PATH_MAX + 20];
    char backend[16];
    struct manager_wants newest[MANAGER_DEVICES_MAX];
    bool changed; /* `newest` is not what was handed to the pool last */
    bool writing;
    uv_work_t work;
    /* The pool's, while it writes. */
    char text[TEXT_MAX]; /* "": the file is to go */
    int fault;
};

/* A client or a capture may name a band with a line break, which would be a line of the file's own:
 * no band on the air is called so. */
static const char *one_line(const char *name)
{
    return text_has_control(name) ? "" : name;
}

static void put_wanted_sensors(FILE *out, const char *key, sensor_set sensors)
{
    fprintf(out, "%s =", key);
    for (int s = 0; s < SENSOR_COUNT; s++) {
        if (sensors & SENSOR_BIT(s))
            fprintf(out, " %s", sensor_name((enum sensor)s));
    }
    fputc('\n', out);
}

static bool is_band_wanted(const struct manager_wants *wants)
{
    return one_line(wants->band.name)[0] || wants->band.address[0];
}

static void put_wanted_band(FILE *out, const struct manager_wants *wants)
{
    fprintf(out, "name = %s\naddress = %s\n", one_line(wants->band.name), wants->band.address);
    put_wanted_sensors(out, "sensors", wants->sensors);
    fprintf(out, "sample_rate = %g\nduration = %.6f\nuntil = %" PRId64 "\nsince = %" PRId64 "\n",
            wants->sample_rate, wants->seconds, wants->until_utc_us, wants->since_utc_us);
}

/* The first band stands in the head, as it does where there is only one; each other has a section.
 */
static void put_wanted_bands(FILE *out, const struct wants_file *file)
{
    int count = 0;

    fprintf(out,
            "; What linkbandd takes up again if it dies. Gone after a clean stop.\nbackend = %s\n",
            file->backend);
    for (int place = 0; place < MANAGER_DEVICES_MAX; place++) {
        if (!is_band_wanted(&file->newest[place]))
            continue;
        if (count++ > 0)
            fprintf(out, "[band %d]\n", count);
        put_wanted_band(out, &file->newest[place]);
    }
}

static void print(struct wants_file *file)
{
    int place = 0;

    memset(file->text, 0, sizeof(file->text));
    while (place < MANAGER_DEVICES_MAX && !is_band_wanted(&file->newest[place]))
        place++;
    if (place == MANAGER_DEVICES_MAX)
        return;
    FILE *out = fmemopen(file->text, sizeof(file->text) - 1, "w");
    if (!out)
        return;
    put_wanted_bands(out, file);
    fclose(out);
}

/* ---- in the pool */

static int write_fresh(const struct wants_file *file)
{
    const size_t len = strlen(file->text);
    int fault = 0, fd = open(file->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

    if (fd < 0)
        return errno;
    if (write(fd, file->text, len) != (ssize_t)len || fsync(fd) != 0)
        fault = errno ? errno : EIO;
    close(fd);
    if (!fault && rename(file->fresh, file->path) != 0)
        fault = errno;
    return fault;
}

static void work(uv_work_t *request)
{
    struct wants_file *file = request->data;

    if (file->text[0])
        file->fault = write_fresh(file);
    else
        file->fault = unlink(file->path) == 0 || errno == ENOENT ? 0 : errno;
}

/* ---- on the loop */

static void begin_write(struct wants_file *file);

static void done(uv_work_t *request, int status)
{
    struct wants_file *file = request->data;

    (void)status;
    file->writing = false;
    if (file->fault)
        log_warning("%s: can't be kept up to date (%s): after a crash the stream may not resume; "
                    "see that the directory can be written, or name another with --state-dir",
                    file->path, strerror(file->fault));
    begin_write(file);
}

static void begin_write(struct wants_file *file)
{
    if (file->writing || !file->changed)
        return;
    file->changed = false;
    print(file);
    file->writing = uv_queue_work(file->loop, &file->work, work, done) == 0;
}

void wants_file_save(struct wants_file *file, unsigned device, const struct manager_wants *wants)
{
    file->newest[device] = *wants;
    file->changed = true;
    begin_write(file);
}

/* ---- at the start */

struct wants_reading {
    struct manager_wants wants[MANAGER_DEVICES_MAX];
    size_t count; /* of bands so far */
    char backend[16];
};

static sensor_set read_sensors(const char *text)
{
    sensor_set set = 0;

    while (*text) {
        enum sensor sensor;
        const size_t len = strcspn(text, " ");
        if (sensor_from_name(text, len, &sensor))
            set |= SENSOR_BIT(sensor);
        text += len + strspn(text + len, " ");
    }
    return set;
}

/* "" is the head, "band N" the Nth; NULL: no section of ours. */
static struct manager_wants *section_of(struct wants_reading *reading, const char *section)
{
    size_t number = 1;

    if (section[0] && (sscanf(section, "band %zu", &number) != 1 || number < 2))
        return NULL;
    if (number > MANAGER_DEVICES_MAX)
        return NULL;
    if (number > reading->count)
        reading->count = number;
    return &reading->wants[number - 1];
}

static int take_line(void *user, const char *section, const char *key, const char *value)
{
    struct wants_reading *reading = user;
    struct manager_wants *wants = section_of(reading, section);

    if (!wants)
        return 0;
    if (strcmp(key, "backend") == 0)
        snprintf(reading->backend, sizeof(reading->backend), "%s", value);
    else if (strcmp(key, "name") == 0)
        snprintf(wants->band.name, sizeof(wants->band.name), "%s", value);
    else if (strcmp(key, "address") == 0)
        snprintf(wants->band.address, sizeof(wants->band.address), "%s", value);
    else if (strcmp(key, "sensors") == 0)
        wants->sensors = read_sensors(value);
    else if (strcmp(key, "sample_rate") == 0)
        wants->sample_rate = strtod(value, NULL);
    else if (strcmp(key, "duration") == 0)
        wants->seconds = strtod(value, NULL);
    else if (strcmp(key, "until") == 0)
        wants->until_utc_us = strtoll(value, NULL, 10);
    else if (strcmp(key, "since") == 0)
        wants->since_utc_us = strtoll(value, NULL, 10);
    return 1;
}

static bool band_is_sound(const struct manager_wants *wants)
{
    return (wants->band.name[0] || wants->band.address[0]) && wants->sample_rate >= 0 &&
           wants->sample_rate <= 1000000 && wants->seconds >= 0 && wants->seconds < 1e9 &&
           wants->until_utc_us >= 0 && wants->until_utc_us < UTC_MAX_US &&
           wants->since_utc_us >= 0 && wants->since_utc_us < UTC_MAX_US;
}

/* A torn or foreign file must not make the daemon do what nobody asked for. */
static bool is_sound(const struct wants_reading *reading)
{
    size_t sound = 0;

    while (sound < reading->count && band_is_sound(&reading->wants[sound]))
        sound++;
    return sound > 0 && sound == reading->count;
}

size_t wants_file_load(const struct wants_file *file,
                       struct manager_wants wants[MANAGER_DEVICES_MAX])
{
    struct wants_reading reading = {.count = 0};
    char text[FILE_MAX];
    const ssize_t len = small_file_read(file->path, text, sizeof(text), NULL);

    if (len == -ENOENT)
        return 0;
    if (len < 0 || ini_parse_string(text, take_line, &reading) != 0 || !is_sound(&reading)) {
        log_warning("%s: can't be understood: nothing is resumed; it is written anew as soon as a "
                    "band is connected",
                    file->path);
        return 0;
    }
    if (strcmp(reading.backend, file->backend) != 0)
        return 0;
    memcpy(wants, reading.wants, sizeof(reading.wants));
    return reading.count;
}

/* Another daemon's wants are not ours to take up, nor to remove. The lock ends with the process. */
static int lock_directory(const char *directory, struct failure *failure)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    failure_set(failure, ERROR_INTERNAL,
                "%.120s is not to be had (%s): give this daemon a --state-dir of its own.",
                directory, errno == EWOULDBLOCK ? "another linkbandd uses it" : strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

struct wants_file *wants_file_create(uv_loop_t *loop, const char *directory, const char *backend,
                                     struct failure *failure)
{
    int lock = lock_directory(directory, failure);

    if (lock < 0)
        return NULL;
    struct wants_file *file = calloc(1, sizeof(*file));
    if (!file) {
        failure_set(failure, ERROR_INTERNAL, "Out of memory.");
        close(lock);
        return NULL;
    }
    file->lock = lock;
    file->loop = loop;
    file->work.data = file;
    snprintf(file->path, sizeof(file->path), "%s/wants", directory);
    snprintf(file->fresh, sizeof(file->fresh), "%s.new", file->path);
    snprintf(file->backend, sizeof(file->backend), "%s", backend);
    return file;
}

void wants_file_destroy(struct wants_file *file)
{
    if (file)
        close(file->lock);
    free(file);
}

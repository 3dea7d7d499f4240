/* processed.jsonl of an interrupted recording: what is missing at its end, made of the packets. */
#include "app/recorded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/lines.h"
#include "band/capture.h"
#include "band/iso.h"
#include "record/playback.h"

/* What comes after a member's name in a line of ours; "" where it has none. */
static const char *member(const char *line, const char *name)
{
    const char *found = strstr(line, name);

    return found ? found + strlen(name) : "";
}

/* A message that is there: what comes later of its sensor is numbered from its number on. */
static void learn_line(struct lines *lines, const char *line)
{
    const char *sensor_type = member(line, "\"sensor_type\":\"");
    const char *timestamp = member(line, "\"timestamp\":\"");
    enum sensor sensor;
    int64_t utc_us;

    if (!sensor_from_name(sensor_type, strcspn(sensor_type, "\""), &sensor) ||
        !iso_parse(timestamp, strcspn(timestamp, "\""), &utc_us))
        return;
    const int64_t utc_ms = utc_us / 1000; /* what the line tells has no more */
    lines->known_ms[sensor] = (double)utc_ms;
    lines->processed[sensor] = strtoull(member(line, "\"seq\":"), NULL, 10) + 1;
}

static void learn_lines(struct lines *lines)
{
    char *line = NULL;
    size_t size = 0;

    rewind(lines->out);
    while (getline(&line, &size, lines->out) > 0)
        learn_line(lines, line);
    free(line);
    fseek(lines->out, 0, SEEK_END); /* between reading and writing a stream wants one */
}

static FILE *open_messages(int dir)
{
    const int fd = openat(dir, session_file_name(FILE_PROCESSED),
                          O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "a+");

    if (fd >= 0 && !file)
        close(fd);
    return file;
}

static bool add_missing(FILE *packets, FILE *out, const struct session_info *info,
                        struct failure *failure)
{
    const struct pipeline_config config = {.mains_hz = session_mains_hz(info),
                                           .with_features = true};
    struct playback_summary summary;
    struct lines lines;

    lines_init(&lines, out);
    lines.sensors = info->sensors;
    if (info->device[0])
        session_copy_text(lines.device_id, sizeof(lines.device_id), info->device);
    learn_lines(&lines);
    const struct playback_listener listener = {.pipeline = lines_listener(&lines, false)};
    bool done =
        playback_run(packets, &config, &listener, CAPTURE_DEFAULT_START_UTC_US, &summary, failure);
    lines_finish(&lines);
    if (done && (fflush(out) != 0 || ferror(out) || fsync(fileno(out)) != 0)) {
        failure_set(failure, ERROR_RECORDING, "Can't write it: %s", strerror(errno));
        done = false;
    }
    return done;
}

bool messages_make_whole(int dir, const struct session_info *info, struct failure *failure)
{
    const int fd = session_open_in(dir, session_file_name(FILE_PACKETS), O_RDONLY);
    FILE *packets = fd < 0 ? NULL : fdopen(fd, "r");
    FILE *out = packets ? open_messages(dir) : NULL;
    bool done = false;

    if (out)
        done = add_missing(packets, out, info, failure);
    else
        failure_set(failure, ERROR_RECORDING, "Can't open %s: %s",
                    session_file_name(packets ? FILE_PROCESSED : FILE_PACKETS), strerror(errno));
    if (out)
        fclose(out);
    if (packets)
        fclose(packets);
    return done;
}

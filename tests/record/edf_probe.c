/*
 * Reads a BDF by EDFlib, as a stranger would: header and annotations as lines, then each signal's
 * digital values to a file of int32.
 *
 *     edf_probe FILE OUT_DIR
 */
#include <edflib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static int read_signal(const struct edf_hdr_struct *header, int signal, const char *out_dir)
{
    const long long count = header->signalparam[signal].smp_in_file;
    int *values = calloc((size_t)count, sizeof(*values));
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/signal-%d", out_dir, signal);
    FILE *out = fopen(path, "wb");
    if (!values || !out ||
        edfread_digital_samples(header->handle, signal, (int)count, values) != (int)count)
        return 1;
    fwrite(values, sizeof(*values), (size_t)count, out);
    free(values);
    return fclose(out);
}

int main(int argc, char **argv)
{
    static struct edf_hdr_struct header;
    struct edf_annotation_struct annotation;

    if (argc != 3)
        return 2;
    if (edfopen_file_readonly(argv[1], &header, EDFLIB_READ_ALL_ANNOTATIONS) != 0) {
        printf("refused %d\n", header.filetype);
        return 1;
    }
    printf("type %s\nrecords %lld\nstart %04d-%02d-%02dT%02d:%02d:%02d\n",
           header.filetype == EDFLIB_FILETYPE_BDFPLUS ? "BDF+" : "another",
           header.datarecords_in_file, header.startdate_year, header.startdate_month,
           header.startdate_day, header.starttime_hour, header.starttime_minute,
           header.starttime_second);
    for (int i = 0; i < header.edfsignals; i++) {
        const struct edf_param_struct *signal = &header.signalparam[i];
        printf("signal %s|%s|%g|%.10g|%.10g|%d|%d\n", signal->label, signal->physdimension,
               signal->smp_in_datarecord * 1e7 / (double)header.datarecord_duration,
               signal->phys_min, signal->phys_max, signal->dig_min, signal->dig_max);
        if (read_signal(&header, i, argv[2]) != 0)
            return 1;
    }
    for (int i = 0; i < header.annotations_in_file; i++) {
        edf_get_annotation(header.handle, i, &annotation);
        printf("annotation %.7f|%s|%s\n", (double)annotation.onset / 1e7, annotation.duration,
               annotation.annotation);
    }
    return edfclose_file(header.handle);
}

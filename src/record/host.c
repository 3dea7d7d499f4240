#include "host.h"

#include <sys/timex.h>
#include <sys/utsname.h>

#include "base/now.h"

/* A reading interrupted for longer than this says nothing about a step. */
#define BRACKET_US 500

void host_describe(struct session_info *info)
{
    struct utsname name;

    session_copy_text(info->version, sizeof(info->version), LINKBANDD_VERSION);
    if (uname(&name) != 0)
        return;
    session_copy_text(info->host, sizeof(info->host), name.nodename);
    session_copy_text(info->kernel, sizeof(info->kernel), name.release);
}

void host_ntp_state(struct ntp_state *state)
{
    struct timex timex = {0};

    *state = (struct ntp_state){0};
    /* A service's ProtectClock= answers EPERM: then nothing is known. */
    int result = adjtimex(&timex);
    if (result < 0)
        return;
    state->known = true;
    state->synchronized = result != TIME_ERROR && !(timex.status & STA_UNSYNC);
    state->offset_ms = (double)timex.offset / ((timex.status & STA_NANO) ? 1e6 : 1e3);
    state->max_error_ms = (double)timex.maxerror / 1e3;
}

bool host_utc_offset(int64_t *offset_us)
{
    int64_t before = now_boot_us();
    int64_t utc = now_utc_us();
    int64_t after = now_boot_us();

    *offset_us = utc - (before + (after - before) / 2);
    return after - before < BRACKET_US;
}

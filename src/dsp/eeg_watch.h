/*
 * What spoils one EEG channel, and when: blinks, jerks and slow sway, found in windows that slide
 * along with the signal. Time goes in hops of 20 ms, each with its marks; a blink marks backwards,
 * so a hop's marks for all but sway are final WATCH_LAG hops later. docs/dsp.md has the reasons.
 */
#ifndef DSP_EEG_WATCH_H
#define DSP_EEG_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#define WATCH_HOPS_A_SECOND 50
/* The window of a blink, and what is marked before and after what stands out. */
#define WATCH_WINDOW 20
#define WATCH_MARGIN 8
#define WATCH_LAG    (WATCH_WINDOW + WATCH_MARGIN)
/* Hops remembered: the four seconds of a spectrum, and to spare. A power of two. */
#define WATCH_HOPS 256
/* The EEG's usual swing is its median over this many windows of 0.4 s: 20 s. */
#define WATCH_USUAL 50
/* Sway: 2 s of levels each 0.1 s. */
#define WATCH_LEVELS 20

enum spoilt {
    SPOILT_HOLE = 1,  /* no measurement: lost, saturated, lead-off */
    SPOILT_BLINK = 2, /* slow and large: nothing below 8 Hz is the brain's */
    SPOILT_FAST = 4,  /* large above 8 Hz: nothing is */
    SPOILT_SWAY = 8,  /* slower than 1 Hz and large: it leaks into delta */
};

enum watch_kind { WATCH_NOTHING, WATCH_BLINK, WATCH_MOVEMENT, WATCH_POP };

struct watch_hop {
    double lo, hi;           /* µV, 0.5-10 Hz */
    double fast_lo, fast_hi; /* µV, above 8 Hz */
    double level;            /* µV, below 0.5 Hz */
    uint8_t spoilt;          /* of enum spoilt */
};

/* Something that stands out, from the window that first shows it to the last. */
struct watch_event {
    bool open;
    bool fast;
    unsigned hops;  /* so far */
    double peak;    /* µV */
    double swing;   /* µV, the largest */
    double peak_ms; /* when */
};

struct eeg_watch {
    double slow_weight, smooth_weight, fast_weight, level_weight;
    unsigned hop_slots;
    bool started;
    double slow, smooth[2], fast[2], level[2];
    unsigned slots; /* of the hop under way */
    struct watch_hop now;
    struct watch_hop hops[WATCH_HOPS];
    uint64_t count; /* hops completed */
    double usual[WATCH_USUAL];
    unsigned usuals;
    double limit; /* µV, of the swing */
    struct watch_event event, ended;
    unsigned settling; /* hops left */
};

void eeg_watch_init(struct eeg_watch *watch, int rate);

/* The line breaks: what comes next has nothing to do with what was. The usual swing stays. */
void eeg_watch_break(struct eeg_watch *watch);

/* Takes a slot; true where it completes a hop. `hole`: it is no measurement. */
bool eeg_watch_take(struct eeg_watch *watch, double uv, double ms, bool hole);

/* What spoils any of `count` hops up to the one `back` hops before the newest (0: that itself).
 * Hops before the first are holes. */
unsigned eeg_watch_spoilt(const struct eeg_watch *watch, unsigned back, unsigned count);

/* How many of the `count` newest hops have one of the marks. */
unsigned eeg_watch_count(const struct eeg_watch *watch, unsigned count, unsigned marks);

/* What an event is taken for, so far. */
enum watch_kind eeg_watch_kind(const struct watch_event *event);

/* What the event under way is taken for, else the last that ended. */
enum watch_kind eeg_watch_latest(const struct eeg_watch *watch);

/* The event that has ended since this was last asked, or none: *kind WATCH_NOTHING. */
struct watch_event eeg_watch_ended(struct eeg_watch *watch);

#endif

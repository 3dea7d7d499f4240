#include "columns.h"

#define TIMESTAMP                                                                                  \
    "\"timestamp\": {\"unit\": \"ms\", \"description\": \"Unix time, UTC, of the band's clock\"}"
#define LOST                                                                                       \
    "\"lost\": {\"unit\": \"samples\", \"description\": \"missing on the band's timeline just "    \
    "before this row, at this file's rate\"}"
#define COLUMN(name, unit, what)                                                                   \
    ",\n    \"" name "\": {\"unit\": \"" unit "\", \"description\": \"" what "\"}"

const char columns_text[] = "{\n  \"eeg.csv\": {\n    " TIMESTAMP COLUMN(
    "ch1", "µV", "EEG, channel 1") COLUMN("ch2", "µV", "EEG, channel 2")
    COLUMN("leadoff_ch1", "1", "1: an electrode of channel 1 is off, else 0") COLUMN(
        "leadoff_ch2", "1",
        "1: an electrode of channel 2 "
        "is off, else 0") ",\n    " LOST "\n  },\n  \"ppg.csv\": {\n    " TIMESTAMP
        COLUMN("red", "counts", "light, red: of 24 bits") COLUMN(
            "ir", "counts",
            "light, infrared: of 24 bits") ",\n    " LOST "\n  },\n  \"acc.csv\": {\n    " TIMESTAMP
            COLUMN("x", "counts", "acceleration: 16384 a g") COLUMN("y", "counts",
                                                                    "acceleration: 16384 a g")
                COLUMN("z", "counts",
                       "acceleration: 16384 a g") ",\n    " LOST
                                                  "\n  },\n  \"bat.csv\": {\n    " TIMESTAMP COLUMN(
                                                      "level", "%",
                                                      "battery") "\n  },\n  \"markers.csv\": {\n  "
                                                                 "  " TIMESTAMP COLUMN(
                                                                     "label", "",
                                                                     "as it was set") "\n  "
                                                                                      "}\n}\n";

/* The table of models as it is with one row more: in the place of src/band/models.c. */
#include "band/model.h"

extern const struct band_model model_linkband;
extern const struct band_model model_quad;

const struct band_model *const models[] = {
    &model_linkband,
    &model_quad,
    NULL,
};

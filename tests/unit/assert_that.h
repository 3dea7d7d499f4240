/* A comparison that tells both values where it fails. After cmocka.h. */
#ifndef ASSERT_THAT_H
#define ASSERT_THAT_H

/* For numbers. Where it fails both sides are evaluated again, for the words. */
#define assert_that(a, is, b)                                                                      \
    do {                                                                                           \
        if (!((a)is(b)))                                                                           \
            fail_msg("%s " #is " %s does not hold: %.17g and %.17g", #a, #b, (double)(a),          \
                     (double)(b));                                                                 \
    } while (0)

#endif

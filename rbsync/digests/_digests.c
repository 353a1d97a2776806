/* Digests of many short texts, and numbers that are more than once: plain C over the caller's buffers.
 *
 * many_texts.py loads it with ctypes, and has the pure twins.
 */
#include <stdint.h>

#if defined(_WIN32)
void *PyInit__digests(void) { return 0; }
#else
#include <stdlib.h>

#include "xxh3.h"

#define API __attribute__((visibility("default")))

typedef int64_t i64;
typedef unsigned char byte;

/* A Windows linker asks every extension module for this symbol. */
API void *PyInit__digests(void) { return 0; }

enum { DIGEST = 16 };

/* XXH3 of 64 bits of texts that end in zeros. */
API void digest_texts(const char *texts, i64 count, u64 *digests) {
    for (; count; count--) {
        u64 length = strlen(texts);
        *digests++ = xxh3_64((const byte *)texts, length);
        texts += length + 1;
    }
}

static byte *put_hex(byte *at, const byte *from) {
    for (int one = 0; one < DIGEST; one++) {
        *at++ = "0123456789abcdef"[from[one] >> 4];
        *at++ = "0123456789abcdef"[from[one] & 15];
    }
    return at;
}

static byte *put(byte *at, const char *from, u64 length) {
    memcpy(at, from, length);
    return at + length;
}

/* XXH3 of 128 bits of texts that end in zeros, each with the same before the digest that goes with
 * it, as hexadecimal digits, and the same behind it. `room` has to hold the longest. `sum` takes
 * that of all the digests, 64 bits at a time, the lowest first. */
API void digest_entries(const char *texts, i64 count, const byte *contents, const char *before,
                        i64 before_length, const char *behind, i64 behind_length, byte *room,
                        byte *digests, u64 *sum) {
    for (; count; count--, contents += DIGEST, digests += DIGEST) {
        u64 length = strlen(texts);
        byte *end = put(put(room, texts, length), before, (u64)before_length);
        end = put(put_hex(end, contents), behind, (u64)behind_length);
        Digest found = xxh3_128(room, (u64)(end - room));
        put_digest(digests, found);
        sum[0] += found.low;
        u64 carry = sum[0] < found.low;
        sum[1] += carry;
        carry = sum[1] < carry;
        sum[1] += found.high;
        sum[2] += carry + (sum[1] < found.high);
        texts += length + 1;
    }
}

/* Rows of so many bytes in the order of their numbers. */
API void gather(const byte *rows, i64 width, const i64 *numbers, i64 count, byte *found) {
    for (; count; count--, found += width) memcpy(found, rows + width * *numbers++, (u64)width);
}

static int compared(const void *one, const void *other) {
    u64 first = *(const u64 *)one, second = *(const u64 *)other;
    return (first > second) - (first < second);
}

/* Sorts numbers, and moves those that are more than once to the beginning; returns how many. */
API i64 find_twice(u64 *numbers, i64 count) {
    i64 found = 0;
    qsort(numbers, (size_t)count, sizeof *numbers, compared);
    for (i64 at = 1; at < count; at++)
        if (numbers[at] == numbers[at - 1]) numbers[found++] = numbers[at];
    return found;
}
#endif

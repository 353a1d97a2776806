/* Rings, look-up and JSON text of class-index pictures: plain C over buffers that the caller owns.
 *
 * No Python header is needed and nothing is allocated: kernel.py loads this with ctypes, which
 * releases the interpreter lock around every call. The pure twin of each function is in NumPy
 * (lookup.py, cracks.py, text.py) and gives the same output.
 */
#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER)
#define API __declspec(dllexport)
#define INLINE static __forceinline
#else
#define API __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#endif

typedef uint32_t u32;
typedef int64_t i64;
typedef unsigned char byte;

/* A Windows linker asks every extension module for this symbol. */
API void *PyInit__kernel(void) { return 0; }

/* Every function below is compiled once for each size of a pixel: `size` is always a constant. */
INLINE u32 load(const byte *row, i64 x, int size) {
    if (size == 1) return row[x];
    if (size == 2) return ((const uint16_t *)row)[x];
    return ((const u32 *)row)[x];
}

INLINE void store(byte *row, i64 x, int size, u32 value) {
    if (size == 1) row[x] = (byte)value;
    else if (size == 2) ((uint16_t *)row)[x] = (uint16_t)value;
    else ((u32 *)row)[x] = value;
}

INLINE u32 colour_at(const byte *pixel) {
    return pixel[0] | (u32)pixel[1] << 8 | (u32)pixel[2] << 16;
}

/* Where the run of equal pixels that begins at `i` ends; of four bytes, alpha counts as well. */
INLINE i64 run_end(const byte *colours, int step, i64 i, i64 count) {
    i64 end = i + 1;
    if (step == 3) {
        u32 colour = colour_at(colours + 3 * i);
        while (end < count && colour_at(colours + 3 * end) == colour) end++;
        return end;
    }
    u32 pixel, other;
    memcpy(&pixel, colours + 4 * i, 4);
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (const uint64_t same = pixel | (uint64_t)pixel << 32; end + 2 <= count; end += 2) {
        uint64_t two;
        memcpy(&two, colours + 4 * end, 8);
        if (two != same) return end + ((u32)two == pixel);
    }
#endif
    for (; end < count; end++) {
        memcpy(&other, colours + 4 * end, 4);
        if (other != pixel) break;
    }
    return end;
}

/* Stores a value from `i` up to `end`, and where there is room behind it a little further: what
 * comes next is stored over that. */
INLINE void fill(byte *row, i64 i, i64 end, i64 count, int size, u32 value) {
    const i64 block = 8 / size;
    if (end + block <= count) {
        const uint64_t eight = value * (size == 1 ? 0x0101010101010101u
                                        : size == 2 ? 0x0001000100010001u
                                                    : 0x0000000100000001u);
        for (; i < end; i += block) memcpy(row + i * size, &eight, 8);
    }
    for (; i < end; i++) store(row, i, size, value);
}

#define MIX 0x9e3779b1u
#define NOBODY 0xffffffffu

/* The class of a colour, NOBODY for one that is not there: the slots are those of colour_table.py. */
INLINE u32 class_of(const u32 *slots, int bits, u32 colour) {
    u32 at = colour * MIX >> (32 - bits);
    while (slots[2 * at] != colour) {
        if (slots[2 * at] == NOBODY) return NOBODY;
        at = (at + 1) & (((u32)1 << bits) - 1);
    }
    return slots[2 * at + 1];
}

/* Colours of `step` 3 or 4 bytes -> classes. Gives the position of the first colour that is not
 * declared, or `count`. */
INLINE i64 classify(const byte *colours, int step, i64 count, const u32 *slots, int bits,
                    byte *out, int size) {
    for (i64 i = 0, end; i < count; i = end) {
        u32 value = class_of(slots, bits, colour_at(colours + i * step));
        if (value == NOBODY) return i;
        end = run_end(colours, step, i, count);
        fill(out, i, end, count, size, value);
    }
    return count;
}

API i64 rb_classify(const byte *colours, int step, i64 count, const u32 *slots, int bits,
                    byte *out, int size) {
    if (size == 1) return classify(colours, step, count, slots, bits, out, 1);
    if (size == 2) return classify(colours, step, count, slots, bits, out, 2);
    return classify(colours, step, count, slots, bits, out, 4);
}

/* Whether the eight bytes from here on are those before them again. */
INLINE int repeats(const byte *data) {
    uint64_t before, here;
    memcpy(&before, data - 8, 8);
    memcpy(&here, data, 8);
    return before == here;
}

/* Marks the classes that occur in `seen`; gives 0 if there is one that has no place there. */
INLINE i64 mark(const byte *pixels, i64 count, byte *seen, i64 places, int size) {
    const i64 block = 8 / size;
    for (i64 i = 0; i < count;) {
        if (i >= block && i + block <= count && repeats(pixels + i * size)) {
            i += block;
            continue;
        }
        u32 value = load(pixels, i++, size);
        if (value >= places) return 0;
        seen[value] = 1;
    }
    return 1;
}

API i64 rb_mark(const byte *pixels, int size, i64 count, byte *seen, i64 places) {
    if (size == 1) return mark(pixels, count, seen, places, 1);
    if (size == 2) return mark(pixels, count, seen, places, 2);
    return mark(pixels, count, seen, places, 4);
}

/* Classes -> what `table` has for each, in numbers of `out_size` bytes. 0 where it has none. */
INLINE i64 renumber(const byte *pixels, i64 count, const u32 *table, i64 places, byte *out,
                    int size, int out_size) {
    const i64 block = 8 / size, step = block * out_size;
    for (i64 i = 0; i < count;) {
        if (i >= block && i + block <= count && repeats(pixels + i * size)) {
            memcpy(out + i * out_size, out + i * out_size - step, step);
            i += block;
        } else {
            const u32 class = load(pixels, i, size);
            if (class >= places) return 0;
            store(out, i, out_size, table[class]);
            i++;
        }
    }
    return 1;
}

API i64 rb_renumber(const byte *pixels, int size, i64 count, const u32 *table, i64 places,
                    byte *out, int out_size) {
    switch (size * 8 + out_size) {
    case 8 + 1: return renumber(pixels, count, table, places, out, 1, 1);
    case 16 + 1: return renumber(pixels, count, table, places, out, 2, 1);
    case 16 + 2: return renumber(pixels, count, table, places, out, 2, 2);
    case 32 + 1: return renumber(pixels, count, table, places, out, 4, 1);
    case 32 + 2: return renumber(pixels, count, table, places, out, 4, 2);
    default: return renumber(pixels, count, table, places, out, 4, 4);
    }
}

/* A corner of a ring, and the one that follows it. `pair` is the other corner at the same place
 * where a class meets itself on a diagonal, else 0. Node 0 is none. */
typedef struct { int32_t x, y, next, pair; } Node;

/* A ring keeps its class on the right. Around a grid point lie four pixels; the first four corners
 * turn right around the one that they are named by, the others left around the one that is not of
 * the class. At one point they are linked in this order: see `link`. */
enum { NW, NE, SW, SE, NOT_SE, NOT_SW, NOT_NE, NOT_NW };
enum { RIGHT, DOWN, LEFT, UP };
static const byte arrives[8] = {DOWN, LEFT, RIGHT, UP, LEFT, UP, DOWN, RIGHT};
static const byte leaves[8] = {LEFT, UP, DOWN, RIGHT, DOWN, LEFT, RIGHT, UP};

/* What is different around a grid point, and what is of a class at all: eight bits. */
INLINE int situation_of(u32 nw, u32 ne, u32 sw, u32 se) {
    return (nw != ne) | (sw != se) << 1 | (nw != sw) << 2 | (ne != se) << 3 | (nw != 0) << 4 |
           (ne != 0) << 5 | (sw != 0) << 6 | (se != 0) << 7;
}

/* The corners in each situation, a bit each. */
static void list_corners(byte *corners) {
    for (int s = 0; s < 256; s++) {
        const int top = s & 1, bottom = s >> 1 & 1, left = s >> 2 & 1, right = s >> 3 & 1;
        const int nw = s >> 4 & 1, ne = s >> 5 & 1, sw = s >> 6 & 1, se = s >> 7 & 1;
        corners[s] = (byte)((top & left & nw) << NW | (top & right & ne) << NE |
                            (bottom & left & sw) << SW | (bottom & right & se) << SE |
                            (!top & !left & bottom & right & nw) << NOT_SE |
                            (!top & !right & bottom & left & ne) << NOT_SW |
                            (!bottom & !left & top & right & sw) << NOT_NE |
                            (!bottom & !right & top & left & se) << NOT_NW);
    }
}

/* The open end of an edge in each direction: along the row, or along the column of a point. */
typedef struct { int32_t *ends[4]; } Ends;

/* Links a corner with the one before it and the one after it. Point by point and row by row, edges
 * to the right and down are met first where they begin, the others where they end. Of corners at
 * one point that one arrives at by such an edge and another leaves by, the order of their names
 * sees to it that the old end is used before it is replaced. */
INLINE void link(Node *nodes, int32_t id, int kind, const Ends *open) {
    int32_t *arrival = open->ends[arrives[kind]], *departure = open->ends[leaves[kind]];
    const int known = arrives[kind] < LEFT, unknown = leaves[kind] < LEFT;
    /* No branches: which way a ring turns is hardly to be foreseen. */
    int32_t *to_here = known ? &nodes[*arrival].next : arrival;
    *to_here = id;
    int32_t *from_here = unknown ? departure : &nodes[id].next;
    *from_here = unknown ? id : *departure;
}

INLINE void pair(Node *nodes, int32_t first, int corners, int one, int other) {
    int32_t a = first, b = first;
    for (int kind = 0; kind < one; kind++) a += corners >> kind & 1;
    for (int kind = 0; kind < other; kind++) b += corners >> kind & 1;
    nodes[a].pair = b;
    nodes[b].pair = a;
}

/* Marks the points of a row of the grid where rings turn, those with an upright crack and one that
 * lies: the numbers there are not 0. Both rows have a pixel of background before and behind them. */
#define MARK_TURNS(type)                                                                        \
    static void mark_turns_##type(const type *above, const type *below, i64 points,             \
                                  type *restrict turns) {                                       \
        for (i64 x = 0; x < points; x++) {                                                      \
            const type upright = (above[x] ^ above[x + 1]) | (below[x] ^ below[x + 1]);         \
            const type lying = (above[x] ^ below[x]) | (above[x + 1] ^ below[x + 1]);           \
            turns[x] = upright < lying ? upright : lying;                                       \
        }                                                                                       \
    }
MARK_TURNS(byte)
MARK_TURNS(uint16_t)
MARK_TURNS(u32)

INLINE void mark_turns(const byte *above, const byte *below, i64 points, byte *turns, int size) {
    const void *a = above, *b = below;
    void *t = turns;
    if (size == 1) mark_turns_byte(a, b, points, t);
    else if (size == 2) mark_turns_uint16_t(a, b, points, t);
    else mark_turns_u32(a, b, points, t);
}

/* The next turn from x on, `points` if there is none: eight bytes at a time where the compiler can
 * say which of them is the first. */
INLINE i64 next_turn(const byte *turns, i64 x, i64 points, int size) {
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (const i64 block = 8 / size; x + block <= points; x += block) {
        uint64_t some;
        memcpy(&some, turns + x * size, 8);
        if (some) return x + __builtin_ctzll(some) / (8 * size);
    }
#endif
    while (x < points && !load(turns, x, size)) x++;
    return x;
}

/* The number of the lowest bit of a number that is not 0. */
INLINE int lowest(int bits) {
#if defined(__GNUC__)
    return __builtin_ctz(bits);
#else
    int at = 0;
    while (!(bits >> at & 1)) at++;
    return at;
#endif
}

/* What `find_corners` works on: two rows with a border, the turns of a row of the grid, and the
 * open ends of each column in both directions. */
typedef struct { byte *above, *below, *turns; int32_t *down, *up; } Scratch;

/* All corners of all classes, linked, from node 1 on; gives their number, or -1 if there are more
 * than `most`. */
INLINE i64 find_corners(const byte *pixels, i64 width, i64 height, Scratch s, Node *nodes,
                        i64 most, int size) {
    const i64 points = width + 1;
    byte corners_of[256];
    int32_t count = 0;
    list_corners(corners_of);
    for (i64 y = 0; y <= height; y++) {
        byte *row = s.above;
        s.above = s.below;
        s.below = row;
        if (y < height) memcpy(row + size, pixels + y * width * size, width * size);
        else memset(row, 0, (width + 2) * size);
        mark_turns(s.above, s.below, points, s.turns, size);
        int32_t right = 0, left = 0;
        for (i64 x = 0; (x = next_turn(s.turns, x, points, size)) < points; x++) {
            const u32 nw = load(s.above, x, size), ne = load(s.above, x + 1, size);
            const u32 sw = load(s.below, x, size), se = load(s.below, x + 1, size);
            const int corners = corners_of[situation_of(nw, ne, sw, se)];
            const Ends open = {{&right, s.down + x, &left, s.up + x}};
            const int32_t first = count + 1;
            if (count + 4 > most) return -1;
            for (int rest = corners; rest; rest &= rest - 1) {
                nodes[++count] = (Node){(int32_t)x, (int32_t)y, 0, 0};
                link(nodes, count, lowest(rest), &open);
            }
            if ((corners & (1 << NW | 1 << SE)) == (1 << NW | 1 << SE) && nw == se)
                pair(nodes, first, corners, NW, SE);
            if ((corners & (1 << NE | 1 << SW)) == (1 << NE | 1 << SW) && ne == sw)
                pair(nodes, first, corners, NE, SW);
        }
    }
    return count;
}

/* `scratch` is zeros: 2 * (width + 2) pixels, and `columns` 2 * (width + 1) numbers; `turns` has
 * width + 1 pixels, `nodes` room for `most` corners and one more. */
API i64 rb_find_corners(const byte *pixels, int size, i64 width, i64 height, byte *scratch,
                        byte *turns, int32_t *columns, Node *nodes, i64 most) {
    Scratch s = {scratch, scratch + (width + 2) * size, turns, columns, columns + width + 1};
    if (size == 1) return find_corners(pixels, width, height, s, nodes, most, 1);
    if (size == 2) return find_corners(pixels, width, height, s, nodes, most, 2);
    return find_corners(pixels, width, height, s, nodes, most, 4);
}

typedef struct {
    int32_t *vertices;           /* finished rings, one after the other */
    int32_t *loops;              /* rings that the one under way has closed at diagonals */
    int32_t *saddles;            /* the pairs of corners that it has passed once, innermost last */
    i64 *counts;
    u32 *values;
    byte *holes;
    i64 ring_count, loop_vertices, open;
} Rings;

/* Notes a ring of a class. It begins at its topmost, then leftmost corner; there an exterior goes
 * right and a hole goes down, because the class lies to the right of the way. */
INLINE void note(Rings *r, i64 ring, const int32_t *vertices, i64 count, u32 value) {
    r->counts[ring] = count;
    r->values[ring] = value;
    r->holes[ring] = vertices[0] == vertices[2];
}

/* A ring of its own among the corners of another, turned to begin where it has to. */
static void close_loop(Rings *r, const int32_t *loop, i64 count, u32 value) {
    i64 first = 0;
    for (i64 i = 1; i < count; i++) {
        const int32_t *v = loop + 2 * i, *best = loop + 2 * first;
        if (v[1] < best[1] || (v[1] == best[1] && v[0] < best[0])) first = i;
    }
    int32_t *out = r->loops + 2 * r->loop_vertices;
    memcpy(out, loop + 2 * first, 8 * (count - first));
    memcpy(out + 2 * (count - first), loop, 8 * first);
    note(r, r->ring_count++, out, count, value);
    r->loop_vertices += count;
}

/* A corner of a pair. Passed for the second time in one ring, the place closes a ring of its own:
 * all since the first pass, whose position its partner has kept. Such loops nest, hence the stack.
 * Gives how many corners the ring has then. */
static i64 pass_saddle(Rings *r, Node *nodes, int32_t id, const int32_t *ring, i64 count,
                       u32 value) {
    const int32_t partner = nodes[id].pair;
    if (partner > 0) {
        nodes[partner].pair = ~(int32_t)count;
        r->saddles[r->open++] = partner;
        return count;
    }
    while (r->saddles[--r->open] != id) nodes[r->saddles[r->open]].pair = 0;
    const int32_t position = ~partner;
    close_loop(r, ring + 2 * position, count - position, value);
    return position;
}

/* The ring of a class that begins at a node which comes before all others of it, and those that it
 * closes on its way. Its nodes are taken out. Gives the number of all corners. */
INLINE i64 follow(Rings *r, Node *nodes, int32_t start, int32_t *ring, u32 value) {
    const i64 number = r->ring_count++;
    i64 count = 0;
    int32_t id = start;
    r->loop_vertices = 0;
    do {
        Node *node = nodes + id;
        if (node->pair) count = pass_saddle(r, nodes, id, ring, count, value);
        ring[2 * count] = node->x;
        ring[2 * count++ + 1] = node->y;
        id = node->next;
        node->next = 0;
    } while (id != start);
    while (r->open) nodes[r->saddles[--r->open]].pair = 0;
    note(r, number, ring, count, value);
    memcpy(ring + 2 * count, r->loops, 8 * r->loop_vertices);
    return count + r->loop_vertices;
}

/* Linked corners -> rings; gives their number. The nodes are of no use any more. */
INLINE i64 read_rings(const byte *pixels, i64 width, Node *nodes, i64 count, Rings *r, int size) {
    int32_t *ring = r->vertices;
    for (int32_t id = 1; id <= count; id++) {
        const Node node = nodes[id];
        if (!node.next) continue;
        const int hole = nodes[node.next].x == node.x;
        const u32 value = load(pixels, node.y * width + node.x - hole, size);
        ring += 2 * follow(r, nodes, id, ring, value);
    }
    return r->ring_count;
}

API i64 rb_read_rings(const byte *pixels, int size, i64 width, Node *nodes, i64 count,
                      int32_t *vertices, int32_t *loops, int32_t *saddles, i64 *counts,
                      u32 *values, byte *holes) {
    Rings r = {vertices, loops, saddles, counts, values, holes, 0, 0, 0};
    if (size == 1) return read_rings(pixels, width, nodes, count, &r, 1);
    if (size == 2) return read_rings(pixels, width, nodes, count, &r, 2);
    return read_rings(pixels, width, nodes, count, &r, 4);
}

/* Where the ascending run that begins at `at` ends. */
INLINE i64 ascending(const uint64_t *keys, const i64 *order, i64 at, i64 count) {
    while (++at < count && keys[order[at - 1]] <= keys[order[at]]) {}
    return at;
}

/* Sorts an order by its keys, stably, run by run: what is nearly in order takes few passes. Gives
 * the array, of the two, in which it ends. */
static i64 *merge_runs(const uint64_t *keys, i64 *order, i64 *spare, i64 count) {
    i64 pairs;
    do {
        pairs = 0;
        for (i64 at = 0; at < count; pairs++) {
            const i64 middle = ascending(keys, order, at, count);
            if (middle - at == count) return order;
            const i64 end = middle < count ? ascending(keys, order, middle, count) : count;
            for (i64 left = at, right = middle; at < end; at++) {
                const int take = left < middle &&
                                 (right >= end || keys[order[left]] <= keys[order[right]]);
                spare[at] = order[take ? left++ : right++];
            }
        }
        i64 *sorted = spare;
        spare = order;
        order = sorted;
    } while (pairs > 1);
    return order;
}

/* Rings that lie one after the other -> their columns in order: by class, regions before holes,
 * then by the first corner from top to bottom and left to right. There are two groups for each class;
 * `places` is a zero for each and one more. `keys`, `order`, `spare` and `firsts` are for its use. */
API i64 rb_order(const int32_t *vertices, const i64 *counts, const u32 *values, const byte *holes,
                 i64 rings, i64 groups, i64 *places, uint64_t *keys, i64 *order, i64 *spare,
                 i64 *firsts, i64 *out_firsts, i64 *out_counts, u32 *out_values, byte *out_holes) {
    for (i64 r = 0, first = 0; r < rings; first += counts[r++]) {
        const int32_t *v = vertices + 2 * first;
        keys[r] = (uint64_t)v[1] << 32 | (u32)v[0];
        firsts[r] = first;
        order[r] = r;
        places[2 * (i64)values[r] + holes[r] + 1]++;
    }
    for (i64 g = 0; g < groups; g++) places[g + 1] += places[g];
    const i64 *sorted = merge_runs(keys, order, spare, rings);
    for (i64 i = 0; i < rings; i++) {
        const i64 r = sorted[i], at = places[2 * (i64)values[r] + holes[r]]++;
        out_firsts[at] = firsts[r];
        out_counts[at] = counts[r];
        out_values[at] = values[r];
        out_holes[at] = holes[r];
    }
    return rings;
}

static byte *write_number(byte *out, u32 number) {
    int digits = 1;
    for (u32 rest = number; rest >= 10; rest /= 10) digits++;
    for (int i = digits - 1; i >= 0; i--, number /= 10) out[i] = (byte)('0' + number % 10);
    return out + digits;
}

/* "[[x,y],...],[...]" of `rings` rings, and where the text of each ends; gives the number of bytes
 * written. */
API i64 rb_write_rings(const int32_t *vertices, const i64 *firsts, const i64 *counts, i64 rings,
                       byte *out, i64 *ends) {
    byte *p = out;
    for (i64 r = 0; r < rings; r++) {
        const int32_t *v = vertices + 2 * firsts[r];
        if (r) *p++ = ',';
        *p++ = '[';
        for (i64 i = 0; i < counts[r]; i++, v += 2) {
            if (i) *p++ = ',';
            *p++ = '[';
            p = write_number(p, (u32)v[0]);
            *p++ = ',';
            p = write_number(p, (u32)v[1]);
            *p++ = ']';
        }
        *p++ = ']';
        ends[r] = p - out;
    }
    return p - out;
}

/* The content of a folder in one call: plain C over buffers that the caller owns.
 *
 * compiled_scan.py loads it with ctypes, which releases the interpreter lock around the call, so
 * that two threads list two folders at once. The pure twin is `scan` in listing.py; it lists the
 * same in the same order.
 */
#include <stdint.h>

#if defined(_WIN32)
void *PyInit__scan(void) { return 0; }
#else
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))

typedef int64_t i64;
typedef unsigned char byte;

/* A Windows linker asks every extension module for this symbol. */
API void *PyInit__scan(void) { return 0; }

#if defined(__APPLE__)
#define MTIME st_mtimespec
#define CTIME st_ctimespec
#else
#define MTIME st_mtim
#define CTIME st_ctim
#endif

/* Nanoseconds; what is past the year 2262 is at its end. */
static i64 nanoseconds(struct timespec at) {
    if (at.tv_sec >= INT64_MAX / 1000000000) return INT64_MAX;
    return (i64)at.tv_sec * 1000000000 + at.tv_nsec;
}

enum { TOO_SMALL = -1 };

typedef struct {
    byte *at;
    i64 size, used;
} Text;

static int put(Text *text, const char *name) {
    i64 length = (i64)strlen(name) + 1;
    if (text->used + length > text->size) return TOO_SMALL;
    memcpy(text->at + text->used, name, length);
    text->used += length;
    return 0;
}

static int put_kind(Text *rest, const char *kind, const char *name) {
    return put(rest, kind) || put(rest, name) ? TOO_SMALL : 0;
}

static int put_link(int folder, Text *rest, const char *name) {
    char target[PATH_MAX + 1];
    i64 length = readlinkat(folder, name, target, PATH_MAX);
    if (length < 0) return errno;
    target[length] = 0;
    return put_kind(rest, "l", name) || put(rest, target) ? TOO_SMALL : 0;
}

static int put_file(int folder, Text *names, i64 *stats, i64 room, i64 *count, const char *name) {
    struct stat found;
    if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW)) return errno;
    if (*count >= room || put(names, name)) return TOO_SMALL;
    i64 *own = stats + 4 * (*count)++;
    own[0] = found.st_size;
    own[1] = nanoseconds(found.MTIME);
    own[2] = nanoseconds(found.CTIME);
    own[3] = (i64)((uint64_t)found.st_ino & INT64_MAX);
    return 0;
}

/* The kind of an entry; some disks do not tell it with the name. 0 for one that is gone. */
static int kind_of(int folder, const struct dirent *entry) {
    struct stat found;
    if (entry->d_type != DT_UNKNOWN) return entry->d_type;
    if (fstatat(folder, entry->d_name, &found, AT_SYMLINK_NOFOLLOW)) return 0;
    if (S_ISREG(found.st_mode)) return DT_REG;
    if (S_ISDIR(found.st_mode)) return DT_DIR;
    return S_ISLNK(found.st_mode) ? DT_LNK : DT_FIFO;
}

/* Lists an open folder: files in `names` and `stats` (size, mtime, ctime, inode), what else there
 * is in `rest` (d, l or o, the name, and of a link its target). `lengths` takes the files, and the
 * bytes of names and rest. Returns 0, the system's error, or TOO_SMALL. */
API int scan_folder(int descriptor, byte *names, i64 names_size, i64 *stats, i64 room, byte *rest,
                    i64 rest_size, i64 *lengths) {
    Text own = {names, names_size, 0}, others = {rest, rest_size, 0};
    i64 count = 0;
    int failed = 0, copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return errno;
    DIR *folder = fdopendir(copy);
    if (!folder) {
        failed = errno;
        close(copy);
        return failed;
    }
    while (!failed) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry) {
            failed = errno;
            break;
        }
        const char *name = entry->d_name;
        if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]))) continue;
        switch (kind_of(copy, entry)) {
            case 0: break;
            case DT_REG: failed = put_file(copy, &own, stats, room, &count, name); break;
            case DT_DIR: failed = put_kind(&others, "d", name); break;
            case DT_LNK: failed = put_link(copy, &others, name); break;
            default: failed = put_kind(&others, "o", name);
        }
        /* Editors write a new file beside the old and rename it: it may be gone by now. */
        if (failed == ENOENT) failed = 0;
    }
    closedir(folder);
    lengths[0] = count;
    lengths[1] = own.used;
    lengths[2] = others.used;
    return failed;
}
#endif

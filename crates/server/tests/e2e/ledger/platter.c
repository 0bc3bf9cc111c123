/* Stands between a process and the disk under its journal. What was synced is kept a second time, in
 * FILE.platter, which is what a power cut would leave. While the file that PLATTER_FAILS names
 * exists, a sync of a journal fails as a disk does that cannot write. Preloaded by a test. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRITES_MAX 65536
/* A journal is made of pieces of this size that are full of zeros. */
#define ZEROS (1 << 20)

struct range { int fd; off_t offset; size_t length; };

static struct range writes[WRITES_MAX];
static int count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int journal(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 8) return 0;
    path[length] = 0;
    return strcmp(path + length - 8, ".journal") == 0;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    char path[4096];
    ssize_t written = real(fd, bytes, length, offset);
    if (written > 0 && journal(fd, path, sizeof path)) {
        pthread_mutex_lock(&lock);
        if (count == WRITES_MAX) abort();
        writes[count++] = (struct range){ fd, offset, (size_t)written };
        pthread_mutex_unlock(&lock);
    }
    return written;
}

static void keep(int fd, const char *path) {
    static char bytes[ZEROS];
    char name[4200];
    snprintf(name, sizeof name, "%s.platter", path);
    int file = open(path, O_RDONLY), platter = open(name, O_WRONLY | O_CREAT, 0600);
    if (file < 0 || platter < 0) abort();
    int left = 0;
    for (int place = 0; place < count; place++) {
        struct range it = writes[place];
        if (it.fd != fd) {
            writes[left++] = it;
            continue;
        }
        off_t end = it.offset + (off_t)it.length;
        if (lseek(platter, 0, SEEK_END) < end && ftruncate(platter, end)) abort();
        if (it.length == ZEROS) continue;
        for (size_t done = 0; done < it.length;) {
            size_t piece = it.length - done < ZEROS ? it.length - done : ZEROS;
            off_t at = it.offset + (off_t)done;
            ssize_t got = pread(file, bytes, piece, at);
            if (got <= 0 || lseek(platter, at, SEEK_SET) != at) abort();
            if (write(platter, bytes, (size_t)got) != got) abort();
            done += (size_t)got;
        }
    }
    count = left;
    close(file);
    close(platter);
}

static int synced(int fd, const char *name) {
    int (*real)(int) = dlsym(RTLD_NEXT, name);
    char path[4096];
    if (!journal(fd, path, sizeof path)) return real(fd);
    const char *fails = getenv("PLATTER_FAILS");
    if (fails && access(fails, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    /* Slow, so that there is always something that is written and not yet synced. */
    usleep(30000);
    int outcome = real(fd);
    pthread_mutex_lock(&lock);
    if (outcome == 0) keep(fd, path);
    pthread_mutex_unlock(&lock);
    return outcome;
}

int fdatasync(int fd) { return synced(fd, "fdatasync"); }
int fsync(int fd) { return synced(fd, "fsync"); }

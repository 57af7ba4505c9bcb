#define _GNU_SOURCE
#include "cworkers.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LARGEST_ENVIRONMENT = 4 << 20 };

/// The bytes of a file of /proc, to be freed, with a zero before the first and behind the last; NULL where it can't be read.
static char *contents(const char *path, size_t *length) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return NULL;
  size_t capacity = 1 << 14, used = 1;
  char *bytes = malloc(capacity);
  while (bytes) {
    ssize_t count = read(file, bytes + used, capacity - used - 1);
    if (count <= 0 || used > LARGEST_ENVIRONMENT) break;
    used += (size_t)count;
    if (used + 1 < capacity) continue;
    char *longer = realloc(bytes, capacity *= 2);
    if (!longer) free(bytes);
    bytes = longer;
  }
  close(file);
  if (bytes) bytes[0] = bytes[used] = 0;
  *length = used + 1;
  return bytes;
}

/// Whether a process began with `mark` as one of its variables. Those of other users can't be read.
static int is_marked(const char *process, const char *mark) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/environ", process);
  size_t length, size = strlen(mark);
  char *bytes = contents(path, &length), *found = bytes;
  while (found && (found = memmem(found, length - (size_t)(found - bytes), mark, size))) {
    if (found[-1] == 0 && found[size] == 0) break;
    found++;
  }
  free(bytes);
  return found != NULL;
}

static size_t kill_once(const char *mark) {
  size_t killed = 0;
  DIR *processes = opendir("/proc");
  if (!processes) return 0;
  for (struct dirent *entry; (entry = readdir(processes));) {
    int number = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;
    if (number <= 0 || number == getpid()) continue;
    // The descriptor comes first: a number that is given to another process in between is not that process's.
    int process = (int)syscall(SYS_pidfd_open, number, 0);
    if (process < 0) continue;
    if (is_marked(entry->d_name, mark) && syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0) == 0) killed++;
    close(process);
  }
  closedir(processes);
  return killed;
}

size_t cworkers_kill_marked(const char *mark) {
  // Again, as long as there are some: one may have started another meanwhile.
  size_t total = 0;
  for (int round = 0; round < 16; round++) {
    size_t killed = kill_once(mark);
    if (!killed) break;
    total += killed;
    usleep(1000);
  }
  return total;
}

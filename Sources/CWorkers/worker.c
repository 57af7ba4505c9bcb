#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/// Not in every libc's headers.
enum { PIDFD = 3 };

/// Bytes of a log, after which it begins anew.
enum { LONGEST_LOG = 16 << 20 };

/// Seconds that a worker has left when what it was closing was interrupted.
static const double LAST_SECONDS = 1;

static int lift(int descriptor) {
  if (descriptor < 0 || descriptor >= FIRST_FREE) return descriptor;
  int lifted = fcntl(descriptor, F_DUPFD_CLOEXEC, FIRST_FREE);
  int error = errno;
  close(descriptor);
  errno = error;
  return lifted;
}

static void close_all(int *descriptors, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (descriptors[i] >= 0) close(descriptors[i]);
    descriptors[i] = -1;
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/// poll() of at most `seconds` in all, whatever signals arrive meanwhile.
static int poll_for(struct pollfd *watched, nfds_t count, double seconds) {
  double deadline = now() + seconds;
  for (;;) {
    double left = deadline - now();
    int ready = poll(watched, count, left <= 0 ? 0 : (int)(1000 * left) + 1);
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

static int watch(int watcher, int descriptor) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
  return epoll_ctl(watcher, EPOLL_CTL_ADD, descriptor, &event);
}

/// Everything but the process. `given` are the worker's ends, in the order of their fixed numbers.
static int prepare(cworkers_worker *worker, int given[4], const char *log_path, size_t bytes) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) return errno;
  worker->control = sockets[0];
  if ((given[0] = lift(sockets[1])) < 0) return errno;
  if ((given[1] = lift(memfd_create("polymath-worker", MFD_CLOEXEC))) < 0) return errno;
  if ((worker->request = given[2] = lift(eventfd(0, EFD_CLOEXEC))) < 0) return errno;
  if ((worker->done = given[3] = lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) < 0) return errno;
  if ((worker->log = open(log_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) < 0) return errno;
  if ((worker->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) < 0) return errno;
  if ((worker->watch = epoll_create1(EPOLL_CLOEXEC)) < 0) return errno;
  if (ftruncate(given[1], (off_t)bytes)) return errno;
  void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, given[1], 0);
  if (data == MAP_FAILED) return errno;
  worker->data = data;
  worker->bytes = bytes;
  cworkers_header *header = data;
  header->magic = CWORKERS_MAGIC;
  header->version = CWORKERS_VERSION;
  return 0;
}

static const cworkers_worker NONE = {
    .control = -1, .request = -1, .done = -1, .timer = -1, .log = -1, .process = -1, .watch = -1};

static void release(cworkers_worker *worker) {
  int descriptors[] = {
      worker->watch, worker->timer, worker->done, worker->request, worker->control, worker->log, worker->process};
  close_all(descriptors, sizeof descriptors / sizeof *descriptors);
  if (worker->data) munmap(worker->data, worker->bytes);
  *worker = NONE;
}

int cworkers_start(cworkers_worker *worker, const cworkers_program *program, size_t bytes) {
  *worker = NONE;
  int given[4] = {-1, -1, -1, -1};
  int error = bytes < sizeof(cworkers_header) ? EINVAL : prepare(worker, given, program->log_path, bytes);
  pid_t pid = 0;
  if (!error) error = cworkers_spawn(&pid, program, given);
  close_all(given, 2);   // the eventfds belong to both sides
  if (!error && (worker->process = (int)syscall(SYS_pidfd_open, pid, 0)) < 0) {
    // Without a pidfd the child is still ours and not yet reaped, so its number can't have been given away.
    error = errno;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
  }
  worker->group = pid;
  int watched[] = {worker->done, worker->control, worker->process, worker->timer};
  for (size_t i = 0; i < 4 && !error; i++) {
    if (watch(worker->watch, watched[i])) error = errno;
  }
  if (error && worker->process >= 0) {
    kill(pid, SIGKILL);
    cworkers_stop(worker, 0);
  }
  if (error) release(worker);
  return error;
}

ptrdiff_t cworkers_receive(const cworkers_worker *worker, void *packet, size_t capacity, double seconds) {
  struct pollfd watched = {.fd = worker->control, .events = POLLIN};
  if (!poll_for(&watched, 1, seconds)) return -1;
  ssize_t length = recv(worker->control, packet, capacity, MSG_DONTWAIT);
  return length < 0 ? 0 : length;
}

static cworkers_header *header_of(const cworkers_worker *worker) { return (cworkers_header *)worker->data; }

/// Makes `watch` readable when something is to be looked at: the deadline, or before it the worker's progress.
static int set_timer(cworkers_worker *worker, double time) {
  double wait = worker->limit / 8;
  if (wait > 0.5) wait = 0.5;
  if (wait > worker->deadline - time) wait = worker->deadline - time;
  if (wait < 1e-6) wait = 1e-6;   // 0 would disarm
  struct itimerspec timer = {.it_value = {.tv_sec = (time_t)wait}};
  timer.it_value.tv_nsec = (long)(1e9 * (wait - (double)timer.it_value.tv_sec));
  return timerfd_settime(worker->timer, 0, &timer, NULL) ? errno : 0;
}

/// Puts the deadline off where the worker has got on since it was last looked at.
static void follow(cworkers_worker *worker, double time) {
  uint32_t progress = __atomic_load_n(&header_of(worker)->progress, __ATOMIC_RELAXED);
  if (progress == worker->progress) return;
  worker->progress = progress;
  worker->deadline = time + worker->limit;
}

int cworkers_set_deadline(cworkers_worker *worker, double seconds) {
  double time = now();
  worker->progress = __atomic_load_n(&header_of(worker)->progress, __ATOMIC_RELAXED);
  worker->limit = seconds;
  worker->deadline = time + seconds;
  return set_timer(worker, time);
}

/// A log that has grown too long begins anew. Its file is this side's: the worker may have its output elsewhere by now.
static void cut_log(const cworkers_worker *worker) {
  struct stat status;
  if (fstat(worker->log, &status) == 0 && status.st_size > LONGEST_LOG && ftruncate(worker->log, 0)) {}
}

int cworkers_is_late(cworkers_worker *worker) {
  if (!cworkers_wait(worker->timer, 0)) return 0;
  cut_log(worker);
  double time = now();
  follow(worker, time);
  if (time >= worker->deadline) return 1;
  set_timer(worker, time);
  return 0;
}

static int signal_request(cworkers_worker *worker, uint32_t command) {
  cworkers_header *header = header_of(worker);
  header->command = command;
  worker->sequence += 1;
  __atomic_store_n(&header->requested, worker->sequence, __ATOMIC_RELEASE);
  uint64_t one = 1;
  ssize_t written;
  do written = write(worker->request, &one, sizeof one);
  while (written < 0 && errno == EINTR);
  return written < 0 ? errno : 0;
}

int cworkers_request(cworkers_worker *worker, uint32_t command, double seconds) {
  int error = cworkers_set_deadline(worker, seconds);
  return error ? error : signal_request(worker, command);
}

/// Begins the time in which a worker closes its first environment.
static void begin_end(cworkers_worker *worker, double seconds) {
  worker->is_ending = 1;
  worker->limit = seconds;
  worker->deadline = now() + seconds;
  worker->progress = __atomic_load_n(&header_of(worker)->progress, __ATOMIC_RELAXED);
}

/// Its handler looks at `closing`.
static void interrupt(cworkers_worker *worker, uint32_t closing) {
  __atomic_store_n(&header_of(worker)->closing, closing, __ATOMIC_RELEASE);
  syscall(SYS_pidfd_send_signal, worker->process, SIGTERM, NULL, 0);
}

void cworkers_ask_to_end(cworkers_worker *worker, uint32_t command, double seconds) {
  if (worker->is_ending) return;
  begin_end(worker, seconds);
  __atomic_store_n(&header_of(worker)->closing, 1, __ATOMIC_RELEASE);
  signal_request(worker, command);
  interrupt(worker, 1);   // it may be at work
}

int cworkers_is_ending(cworkers_worker *worker) {
  if (cworkers_wait(worker->process, 0)) return 0;
  double time = now();
  if (__atomic_load_n(&header_of(worker)->progress, __ATOMIC_RELAXED) != worker->progress) worker->is_late = 0;
  follow(worker, time);
  if (time < worker->deadline) return 1;
  worker->forced = 1;
  if (worker->is_late) {
    syscall(SYS_pidfd_send_signal, worker->process, SIGKILL, NULL, 0);
    cworkers_wait(worker->process, LAST_SECONDS);
    return 0;
  }
  worker->is_late = 1;
  worker->deadline = time + LAST_SECONDS;
  interrupt(worker, 2);
  return 1;
}

cworkers_state cworkers_check(cworkers_worker *worker) {
  // Taking the signal before reading the number can lose nothing: the worker writes the number first.
  uint64_t signals;
  while (read(worker->done, &signals, sizeof signals) < 0 && errno == EINTR) {}
  if (__atomic_load_n(&header_of(worker)->completed, __ATOMIC_ACQUIRE) == worker->sequence) {
    cut_log(worker);
    return CWORKERS_COMPLETE;
  }
  char byte;
  ssize_t length = recv(worker->control, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (length > 0) return CWORKERS_MESSAGE;
  if (length == 0 || errno == ECONNRESET || cworkers_wait(worker->process, 0)) return CWORKERS_DEAD;
  return cworkers_is_late(worker) ? CWORKERS_LATE : CWORKERS_PENDING;
}

int cworkers_open_signal(void) { return eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK); }

int cworkers_wait(int descriptor, double seconds) {
  struct pollfd watched = {.fd = descriptor, .events = POLLIN};
  return poll_for(&watched, 1, seconds);
}

cworkers_end cworkers_stop(cworkers_worker *worker, double seconds) {
  cworkers_end end = {0};
  if (worker->process >= 0) {
    if (!worker->is_ending) begin_end(worker, seconds);
    while (cworkers_is_ending(worker)) cworkers_wait(worker->process, 0.1);
    end.forced = worker->forced;
    // Not yet reaped, so that its number is still its group's.
    if (worker->group > 0) kill(-worker->group, SIGKILL);
    siginfo_t information = {0};
    int reaped;
    do reaped = waitid((idtype_t)PIDFD, (id_t)worker->process, &information, WEXITED);
    while (reaped < 0 && errno == EINTR);
    if (reaped == 0 && information.si_code == CLD_EXITED) end.status = information.si_status;
    if (reaped == 0 && information.si_code != CLD_EXITED) end.signal = information.si_status;
  }
  release(worker);
  return end;
}

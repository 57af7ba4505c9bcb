/// Worker processes: the host's side of a bridge to a process that hosts environments. Linux only.
///
/// A worker shares one block of memory with its host and is told of work by an eventfd. The block begins with a
/// `cworkers_header`; what lies behind it is the business of host and worker, and nothing here reads it. The worker
/// finds its four descriptors at the fixed numbers below. They have no names, so a crash leaves nothing behind.
///
/// A request: the host writes the command and a new sequence number and signals `request`; the worker acts, copies the
/// sequence number into `completed`, and signals `done`. The system calls order the memory accesses of both sides.
/// Everything that can end the wait (done, a message, death, the deadline) makes the one descriptor `watch` readable.
///
/// Deadlines. The worker counts in `progress` each environment that it begins to make, reset or step. A deadline is for
/// the time between two counts, so it holds for one environment and not for a whole batch of them.
///
/// Errors. Functions that return int give 0 or an errno value, unless they say otherwise.
///
/// Threads. A worker is used by one thread at a time. The thread that starts it may end before it does.
#ifndef CWORKERS_H
#define CWORKERS_H
#include <stddef.h>
#include <stdint.h>

/// Descriptors of the worker: a socket of packets, the shared memory, and two eventfds.
enum { CWORKERS_CONTROL = 10, CWORKERS_DATA = 11, CWORKERS_REQUEST = 12, CWORKERS_DONE = 13 };

enum { CWORKERS_MAGIC = 0x504d574b, CWORKERS_VERSION = 3, CWORKERS_MOST_BATCHES = 4096 - 128 };

/// Exit status of a worker that can't tell its host why it ends: an environment has closed its descriptors.
enum { CWORKERS_CUT_OFF = 96 };

/// Start of the shared memory, a page: one cache line for each writer, so that neither takes the other's line away.
typedef struct {
  uint32_t magic, version, requested, command;
  uint32_t closing;                          ///< 1 once the worker is to end, 2 once closing takes too long: SIGTERM tells it to look
  uint32_t host_unused[11];
  uint32_t completed;
  uint32_t working;                          ///< 1 + the batch that the worker is at, 0 for none
  uint32_t progress;                         ///< counts environments begun to be made, reset or stepped
  uint32_t worker_unused[13];
  uint8_t commands[CWORKERS_MOST_BATCHES];   ///< the host's: what each batch is to do
} cworkers_header;

/// What to start.
typedef struct {
  const char *const *arguments;   ///< a path and its arguments; the list ends with NULL
  const char *directory;          ///< where the process starts
  const char *log_path;           ///< where its output goes; made where it is not there
  const char *mark;               ///< NAME=VALUE for its environment: all that it starts inherits this (`cworkers_kill_marked`)
  const char *search_path;        ///< NAME=VALUE for its environment: where its language looks for modules
} cworkers_program;

/// One running worker. All descriptors close on exec.
typedef struct {
  int control, request, done, timer, log;
  int process;   ///< pidfd: readable once the process has ended; never a bare pid, which may be reused
  int watch;     ///< readable when `cworkers_check` has something to say; poll this
  int group;     ///< the process group of the worker and of what it starts; its number is not reused before `cworkers_stop`
  uint8_t *data;
  size_t bytes;
  uint32_t sequence;
  uint32_t progress;         ///< the worker's when it was last looked at
  double limit, deadline;    ///< seconds between two counts of progress; when the next one is due
  int is_ending, is_late;    ///< whether it is to end, and whether what it is closing was interrupted
  int forced;                ///< whether it had to be interrupted or killed
} cworkers_worker;

/// What has become of the last request.
typedef enum {
  CWORKERS_PENDING,   ///< still at work
  CWORKERS_COMPLETE,
  CWORKERS_MESSAGE,   ///< the worker has sent a packet
  CWORKERS_DEAD,      ///< the process has ended, or has closed its socket
  CWORKERS_LATE,      ///< the deadline has passed
} cworkers_state;

/// How a worker ended.
typedef struct {
  int status;   ///< exit status, when signal is 0
  int signal;   ///< the signal that ended it, or 0
  int forced;   ///< 1 when it was still running, and this side interrupted or killed it
} cworkers_end;

/// Starts a worker with `bytes` of shared memory, zeroed, at least a header long. On error nothing is left open.
int cworkers_start(cworkers_worker *worker, const cworkers_program *program, size_t bytes);

/// Waits for one packet: its length, 0 when the worker has gone, -1 when `seconds` have passed. What is longer than
/// `capacity` is cut off.
ptrdiff_t cworkers_receive(const cworkers_worker *worker, void *packet, size_t capacity, double seconds);

/// Begins to wait for something that takes `seconds` at most for each environment.
int cworkers_set_deadline(cworkers_worker *worker, double seconds);

/// Whether the deadline has passed. Call it when `watch` is readable: it sets the time of the next look.
int cworkers_is_late(cworkers_worker *worker);

/// Asks for `command`, which takes `seconds` at most for each environment.
int cworkers_request(cworkers_worker *worker, uint32_t command, double seconds);

/// Asks the worker to end, by `command` where it waits for one and by SIGTERM where it is at work. It has `seconds`
/// for each environment that it closes.
void cworkers_ask_to_end(cworkers_worker *worker, uint32_t command, double seconds);

/// Whether a worker that is to end still runs. Call it again and again: it interrupts what takes too long to be closed, and
/// kills a worker that doesn't go on after that.
int cworkers_is_ending(cworkers_worker *worker);

/// What has become of the last request; never blocks. A request that was completed is COMPLETE whatever came after it.
cworkers_state cworkers_check(cworkers_worker *worker);

/// Waits until `descriptor` is readable: 1, or 0 when `seconds` have passed.
int cworkers_wait(int descriptor, double seconds);

/// Waits while the worker is ending, from now on with `seconds` where it was not asked to; kills its process group, and
/// releases everything: no zombie, no descriptor and no mapping remains.
cworkers_end cworkers_stop(cworkers_worker *worker, double seconds);

/// Kills every process of this user that was started with `mark` (NAME=VALUE) in its environment, by a worker or by what
/// that has started, whatever session or parent it has by now. The number of processes killed.
size_t cworkers_kill_marked(const char *mark);

/// A descriptor that is always readable; -1 when the system has none left.
int cworkers_open_signal(void);

/// Where the first number is that is not finite; `count` when all are.
size_t cworkers_first_not_finite(const float *numbers, size_t count);

/// `[planes, pixels]` to `[pixels, planes]`, one byte each. The two don't overlap.
void cworkers_interleave_planes(uint8_t *channels_last, const uint8_t *planes_first, size_t planes, size_t pixels);

#endif
